/** A small least-recently-used map: frequency ladders cost about 100 microseconds, and programs use few of them. */
export interface Cache<V> {
  /** The value of `key`, made once by `make` and kept until `capacity` other keys were used since. */
  get(key: string, make: () => V): V;
}

export function cache<V>(capacity: number): Cache<V> {
  const entries = new Map<string, V>();
  return {
    get(key, make) {
      const found = entries.get(key);
      const value = found === undefined ? make() : found;
      // A Map iterates in order of insertion: putting the key back makes it the youngest.
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > capacity) for (const oldest of entries.keys()) return (entries.delete(oldest), value);
      return value;
    },
  };
}
