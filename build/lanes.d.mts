export type Speaker = { write(text: string): void; end(): void };

export class Speakers {
  constructor(out?: (text: string) => void);
  open(): Speaker;
}

export class Lanes {
  constructor(lanes?: number);
  add<T>(job: () => Promise<T>, weight: number): Promise<T>;
}
