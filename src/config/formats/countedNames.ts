// Names of layers as frameworks count them: lstm, lstm_1, …, lstm_10.

/** `lstm_10` is the tenth of `lstm`, which is the first. */
function counted(name: string): { readonly base: string; readonly count: number } {
  const [ending, digits = '0'] = /_?(\d{1,9})$/.exec(name) ?? [''];
  return { base: name.slice(0, name.length - ending.length), count: Number(digits) };
}

/** Below 0 where `a` comes first: by letters, and of one layer's names by what they count. */
export function compareCounted(a: string, b: string): number {
  const [own, other] = [counted(a), counted(b)];
  return own.base === other.base ? own.count - other.count : own.base < other.base ? -1 : 1;
}
