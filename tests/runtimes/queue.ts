/** Evaluated before uvu: tests are queued instead of started by a timer. */
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: [['posenc']], UVU_INDEX: 0 });
