// Which outputs of notebooks have a thread: a few at a time, each until it has done what it was asked.

export type TurnTaker = { readonly isBusy: boolean; sleep(): void };

export class OutputTurns {
  readonly #most: number;
  /** The one that was woken first stands first. */
  #awake: readonly TurnTaker[] = [];
  /** In the order in which they came, each with what tells it that it is its turn. */
  readonly #waiting = new Map<TurnTaker, { readonly turn: Promise<void>; readonly begin: () => void }>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Resolves when it may start its thread; at once where it is awake. It has to be busy by then. */
  async take(one: TurnTaker): Promise<void> {
    if (this.#awake.includes(one)) {
      this.#awake = [...this.#awake.filter((other) => other !== one), one];
      return;
    }
    let begin = (): void => undefined;
    const turn = this.#waiting.get(one)?.turn ?? new Promise<void>((resolve) => (begin = resolve));
    if (!this.#waiting.has(one)) this.#waiting.set(one, { turn, begin });
    this.giveWay();
    await turn;
  }

  /** Those that are busy no more make room for those that wait. */
  giveWay(): void {
    for (const [one, { begin }] of this.#waiting) {
      if (this.#awake.length >= this.#most) {
        const idle = this.#awake.find(({ isBusy }) => !isBusy);
        if (idle === undefined) return;
        idle.sleep();
        this.#awake = this.#awake.filter((other) => other !== idle);
      }
      this.#waiting.delete(one);
      this.#awake = [...this.#awake, one];
      begin();
    }
  }

  /** It is gone; whoever waits for its turn waits no more. */
  leave(one: TurnTaker): void {
    this.#waiting.get(one)?.begin();
    this.#waiting.delete(one);
    this.#awake = this.#awake.filter((other) => other !== one);
    this.giveWay();
  }
}
