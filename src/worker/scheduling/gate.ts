/** What is said behind it waits, in order, until it is open; from then on it is said at once. */
export class Gate {
  #isOpen: boolean;
  #waiting: (() => void)[] = [];

  constructor(isOpen: boolean) {
    this.#isOpen = isOpen;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  pass(say: () => void): void {
    if (this.#isOpen) say();
    else this.#waiting.push(say);
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.pass(resolve));
  }

  open(): void {
    this.#isOpen = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const say of waiting) say();
  }
}
