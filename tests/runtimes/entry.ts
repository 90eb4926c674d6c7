import { queue } from './queue.ts';
import { type Result, runQueue } from './suite.ts';

export const runAll = (): Promise<Result> => runQueue(queue[0]);
