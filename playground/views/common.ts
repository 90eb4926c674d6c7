/** Words and ranges that many views share. */
import { T } from '../text.ts';

export const position = T('position', '位置');
export const channel = T('channel', '维度');
export const pair = T('pair', '组');
export const query = T('query', '查询');
export const key = T('key', '键');
export const head = T('head', '头');
export const distance = T('key − query', '键 − 查询');

export const BASES = [1, 10, 100, 500, 1000, 10000, 100000, 500000, 1000000, 10000000];
export const DIMS = [16, 32, 64, 96, 128, 192, 256];

/** Who attends where, in words. */
export const attends = (q: number | string, k: number | string, value: number) =>
  value === Number.NEGATIVE_INFINITY
    ? T(`query ${q} cannot see key ${k}`, `查询 ${q} 看不到键 ${k}`)
    : Number(k) === Number(q)
      ? T(`query ${q} attends to itself`, `查询 ${q} 关注自身`)
      : Number(k) < Number(q)
        ? T(
            `query ${q} attends to key ${k}, ${Number(q) - Number(k)} before it`,
            `查询 ${q} 关注它之前第 ${Number(q) - Number(k)} 个位置的键 ${k}`,
          )
        : T(
            `query ${q} attends to key ${k}, ${Number(k) - Number(q)} after it`,
            `查询 ${q} 关注它之后第 ${Number(k) - Number(q)} 个位置的键 ${k}`,
          );

export const noFlag = T(
  'No flag: llama.cpp reads this from the model file.',
  '没有对应参数：llama.cpp 直接从模型文件读取。',
);
export const notThere = T('llama.cpp does not implement this encoding.', 'llama.cpp 没有实现这种编码。');
