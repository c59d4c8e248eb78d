/** What is the same for every window of a result, computed when it is first asked for and let go with the result. */
export class PerRunCache<V> {
  readonly #known = new WeakMap<object, Map<string, V>>();

  of(result: object, key: string, compute: () => V): V {
    const known = this.#known.get(result) ?? new Map<string, V>();
    this.#known.set(result, known);
    const value = known.get(key) ?? compute();
    known.set(key, value);
    return value;
  }
}
