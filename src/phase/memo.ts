/** A small least-recently-used map: frequency ladders cost about 100 microseconds, and programs use few of them. */
export interface Memo<V> {
  /** The value of `key`, made once by `make` and kept until `capacity` other keys were used since. */
  get(key: string, make: () => V): V;
}

export function memo<V>(capacity: number): Memo<V> {
  // A Map iterates in order of insertion: deleting and setting a key again makes it the youngest.
  const entries = new Map<string, V>();
  return {
    get(key, make) {
      const known = entries.get(key);
      const value = known === undefined ? make() : known;
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > capacity) {
        const [oldest] = entries.keys();
        entries.delete(oldest);
      }
      return value;
    },
  };
}
