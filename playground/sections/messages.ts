/**
 * What the library says about a configuration, in Chinese. The library speaks English; a sentence that is not known here is shown
 * as it is, with a word in front that says so.
 */
import { currentLanguage } from '../text.ts';

/** English pattern and its Chinese, `$1` … are what the brackets caught. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [
    /^dynamic scaling grows its base with the sequence.*$/,
    '动态缩放会随序列增大 base：factor 能用到 maxPositionEmbeddings × factor',
  ],
  [/^it takes the factor that the length of the sequence needs.*$/, '它会自动取序列长度所需的倍数：无需设置'],
  [/^its frequencies are given as numbers.*$/, '它的频率是直接给出的数：没有规则说明它们应变成什么'],
  [/^YaRN's ramp needs a base other than 1.*$/, 'YaRN 的斜坡要求 base 不为 1 且旋转维度为偶数'],
  [
    /^a plain table trained to this length: YaRN, factor = context \/ trained length.*$/,
    '按此长度训练的普通表：使用 YaRN，倍数 = 所需长度 ÷ 训练长度（arXiv 2309.00071）',
  ],
  [
    /^the learned rows end \((\d+) rows for (\d+) tokens\).*$/,
    '可学习的行到头了（$2 个词元对应 $1 行）；更长的表必须训练，resizePositionTable 可给出起点',
  ],
  [
    /^the table can be computed further, but the model was trained to ([\d\s]+) positions.*$/,
    '表可以继续算下去，但模型只训练到 $1 个位置；没有公开的扩展方法',
  ],
  [
    /^scaled already: the same rule with factor = context \/ length before scaling, every other option as it was$/,
    '已经缩放过：沿用同一规则，倍数 = 所需长度 ÷ 缩放前的长度，其他选项不变',
  ],
  [
    /^the amplitude stays ([\d.e+-]+), which attention_factor sets whatever the factor is: without that key it would follow the factor, ([\d.e+-]+)$/,
    '振幅保持 $1：attention_factor 固定了它，与倍数无关；去掉该键后，振幅会随倍数变为 $2',
  ],
  [
    /^the frequencies were trained with this ramp.*$/,
    '频率是带着这条斜坡训练的：换一个倍数，或在其上再加 YaRN，会改动从未这样训练过的组；没有可直接使用的扩展方法',
  ],
  [
    /^the divisors were searched and trained for this length.*$/,
    '这些除数是为此长度搜索并训练的：没有可直接使用的扩展方法',
  ],
  [
    /^the base is raised by alpha at every length.*$/,
    'base 在任何长度都乘以 alpha，没有公开的规则说明更长的上下文该用多大的 alpha',
  ],
  [
    /^part of the pairs turn, trained to this length.*$/,
    '只有一部分组旋转，且按此长度训练：没有公开的扩展方法（YaRN 会转动本来静止的组）',
  ],
  [/^it already serves this many positions$/, '它已经支持这么多位置'],
  [
    /^it already serves this many positions; YaRN changes short texts as well.*$/,
    '它已经支持这么多位置；YaRN 也会改变短文本，而用它训练过的模型应当保留它',
  ],
  [/^nothing depends on positions$/, '没有任何东西取决于位置'],
  [
    /^a bias by distance has a value for every distance.*$/,
    '按距离的偏置对任何距离都有值；超出训练长度后模型表现如何则是另一回事',
  ],
  [/^the base grows by itself with the sequence$/, 'base 会随序列自动增大'],
  [/^the base grows by itself with the sequence, and no key.*$/, 'base 会随序列自动增大，但没有键说明模型支持多长'],
  [/^the file does not say how many positions.*$/, '文件没有说明它训练过多少个位置；倍数要从那里算起'],
  [
    /^files of this class count max_position_embeddings after scaling.*$/,
    '这一类文件的 max_position_embeddings 是缩放之后的长度，因此随倍数一起增大',
  ],
  [
    /^a model trained with it \(.*\) keeps it; where it was added.*$/,
    '用它训练的模型（DeepSeek、gpt-oss）应保留它；若是后来加到普通模型上的（Qwen2.5、Qwen3），处理短文本时请去掉该配置块',
  ],
  [
    /^([\d\s]+) positions or more use other frequencies( \(.*\))?: keys cached before the crossing no longer fit$/,
    '达到 $1 个位置后改用另一组频率$2：此前缓存的键不再适用',
  ],
  [
    /^choose one list for a whole generation by passing context, and drop or re-rotate the cache at the crossing$/,
    '生成全程用 context 固定选一组频率；跨越时丢弃缓存或重新旋转',
  ],
  [
    /^the base grows beyond ([\d\s]+) positions( \(.*\))?: every cached key keeps the base it was made with$/,
    '超过 $1 个位置后 base 会增大$2：每个已缓存的键仍保持生成时的 base',
  ],
  [
    /^pass the largest context once, and keep its table for the whole generation$/,
    '一次性传入最大的 context，整个生成过程都用这张表',
  ],
  [
    /^YaRN is static( \(.*\))?: it changes texts shorter than ([\d\s]+) positions as well$/,
    'YaRN 是静态的$1：短于 $2 个位置的文本也会改变',
  ],
  [/^remove the rope block for work within the trained context$/, '只在训练长度以内使用时，请去掉 rope 配置块'],
  [
    /^the softmax scale is corrected by ([\d.e+-]+)( \(.*\))?; tables alone do not reproduce this model$/,
    'softmax 的缩放被修正了 $1 倍$2；仅有表不足以重现此模型',
  ],
  [
    /^multiply q\.k by ([\d.e+-]+), not by 1 \/ sqrt\((\d+)\) = ([\d.e+-]+)$/,
    'q·k 应乘以 $1，而不是 1 / sqrt($2) = $3',
  ],
  [
    /^channels come in interleaved and leave half( \(.*\))?: caches of code that keeps the order are not interchangeable$/,
    '权重按相邻两维配对，代码按前后两半旋转$1：保持原有顺序的代码所写的缓存不能在此复用',
  ],
  [
    /^float32 angles are off by up to ([\d.e+-]+) rad at ([\d\s]+) positions( \(.*\))?$/,
    '在 $2 个位置处，float32 角度误差可达 $1 弧度$3',
  ],
  [
    /^keep precision 'torch' to match PyTorch, use 'exact' for relative positions that hold at this length$/,
    "要与 PyTorch 一致请保持 precision 'torch'；若要在此长度上相对位置仍准确，请用 'exact'",
  ],
  [/^([\d\s]+) positions are asked for, the model is made for ([\d\s]+)$/, '需要 $1 个位置，而模型只支持 $2 个'],
  [
    /^positions above ([\d\s]+) are not float32 integers: PyTorch merges neighbours$/,
    '超过 $1 的位置不是 float32 整数：PyTorch 会把相邻位置合并',
  ],
  [/^use precision 'exact', which holds to 2\^53$/, "请用 precision 'exact'，可准确到 2^53"],
  [
    /^([\d\s]+) positions are asked for, the learned table has ([\d\s]+) rows$/,
    '需要 $1 个位置，而可学习的表只有 $2 行',
  ],
  [/^shorten the input, or resize the table and train it$/, '缩短输入，或者缩放位置表后再训练'],
  [
    /^keys farther away than ([\d\s]+) positions share one bucket: at ([\d\s]+) their order is lost$/,
    '比 $1 个位置更远的键共用一个桶：在 $2 处它们的先后顺序丢失',
  ],
  [/^nothing to configure: the model tells far keys apart by content alone$/, '无需配置：模型只能靠内容区分远处的键'],
  [
    /^rounded to bfloat16, biases of neighbouring keys beyond ([\d\s]+) positions are equal$/,
    '舍入为 bfloat16 后，超过 $1 个位置的相邻键的偏置相等',
  ],
  [/^keep the bias in float32 until it is added to the scores$/, '在加到分数上之前，让偏置保持 float32'],
  [/^'su' is the old name of 'longrope'$/, "'su' 是 'longrope' 的旧名"],
  [/^(\d+) is above max_position_embeddings (\d+)$/, '$1 大于 max_position_embeddings 的 $2'],
  [
    /^([\d.]+), but max_position_embeddings \/ original_max_position_embeddings is ([\d.]+); the model uses ([\d.]+)$/,
    '值为 $1，但 max_position_embeddings / original_max_position_embeddings 为 $2；模型使用 $3',
  ],
  [/^(.+); the rest stays on the temporal stream$/, '$1；其余留在时间流上'],
  [/^'(.+)' is not a known model type; read as llama$/, '“$1”不是已知的模型类型；按 llama 读取'],
  [/^default of (?:model type )?'(.+)'$/, '模型类型“$1”的默认值'],
  [/^default of the model type$/, '该模型类型的默认值'],
  [/^default of (T5|ggml|llama4_text)$/, '$1 的默认值'],
  [/^the class of architectures\[0\] = '(.+)'$/, '由 architectures[0] = “$1”得知'],
  [/^max_position_embeddings \/ original length$/, 'max_position_embeddings ÷ 原始长度'],
  [/^(\w+) \/ (\w+)$/, '$1 ÷ $2'],
  [/^not a key of rope type '(.+)'; it reads (.+)$/, '不是 rope 类型“$1”的键；它读取 $2'],
  [/^not a key of (.+)$/, '不是 $1 的键'],
  [/^unknown rope type (.+); known: (.+)$/, '未知的 rope 类型 $1；已知的有：$2'],
  [/^unknown layer type (.+?); (.+)$/, '未知的层类型 $1（$2）'],
  [/^required by (?:rope|scaling) type '(.+?)'.*$/, 'rope 类型“$1”必须有此键'],
  [/^expected (?:a finite number|a number)(.*), got (.+)$/, '应为数字$1，实际为 $2'],
  [/^expected an integer(.*), got (.+)$/, '应为整数$1，实际为 $2'],
  [/^expected true or false, got (.+)$/, '应为 true 或 false，实际为 $1'],
  [/^expected text, got (.+)$/, '应为文本，实际为 $1'],
  [/^expected an object, got (.+)$/, '应为对象，实际为 $1'],
  [/^expected a list of at most (\d+) items, got (.+)$/, '应为最多 $1 项的列表，实际为 $2'],
  [/^expected the object of a config\.json, got (.+)$/, '应为 config.json 中的对象，实际为 $1'],
  [/^expected (.+), got (.+)$/, '应为 $1，实际为 $2'],
  [/^(.+) contradicts (.+)$/, '$1 与 $2 相矛盾'],
  [
    /^missing, and there are no architectures: it decides how every other key is read$/,
    '缺失，且没有 architectures：其他键如何读取都取决于它',
  ],
  [/^missing, and so is head_dim: the width of a head cannot be known$/, '缺失，head_dim 也缺失：无法得知每个头的维度'],
  [/^missing(.*)$/, '缺失$1'],
  [/^null is not a base.*$/, 'null 不能作为 base'],
  [/^(\d+) entries for num_hidden_layers = (\d+)$/, '有 $1 项，而 num_hidden_layers = $2'],
  [
    /^'(.+)' is not a known model type(.*)$/,
    '“$1”不是已知的模型类型，因此其默认值与配对方式无从得知；请把 model_type 设为计算方式相同的类型（如 llama）',
  ],
  [
    /^the bias table is learned in layer 0 and shared by the others; scores are not divided by sqrt\(d\)$/,
    '偏置表在第 0 层学习，其余各层共用；分数不除以 sqrt(d)',
  ],
  [/^no gguf file.*$/i, '不是 gguf 文件'],
  [/^(?:the file )?ends inside its header.*$/i, '文件在文件头内就结束了'],
  [
    /^Unexpected (?:end of JSON input|token).*|^Expected .* JSON.*|^Unterminated string.*|.*is not valid JSON.*$/,
    'JSON 格式有误（$&）',
  ],
];

/** A sentence of the library in the language of the page; `exact` is false when it had to stay English. */
export function inWords(message: string): { text: string; english: boolean } {
  if (currentLanguage() === 'en') return { text: message, english: true };
  const whole = translated(message);
  if (whole) return { text: whole, english: false };
  // 'key: sentence'
  const at = message.indexOf(': ');
  const rest = at > 0 ? translated(message.slice(at + 2)) : undefined;
  return rest ? { text: `${message.slice(0, at)}：${rest}`, english: false } : { text: message, english: true };
}

function translated(message: string): string | undefined {
  for (const [pattern, chinese] of SENTENCES) if (pattern.test(message)) return message.replace(pattern, chinese);
  return undefined;
}
