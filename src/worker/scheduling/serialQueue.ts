/** Work that is done one after the other, in the order in which it came. What fails rejects its own caller alone. */
export class SerialQueue {
  #last: Promise<unknown> = Promise.resolve();

  add<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#last.then(work);
    // Whoever asked for it hears of its failure; the next one does not.
    this.#last = result.catch(() => undefined);
    return result;
  }
}
