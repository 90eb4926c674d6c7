/** Evaluated before uvu: tests are queued instead of started by a timer. */
export const queue: [unknown, ...(() => Promise<[string | true, number, number, number]>)[]][] = [['posenc']];
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: queue, UVU_INDEX: 0 });
