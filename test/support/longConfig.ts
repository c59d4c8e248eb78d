/** The text of a config whose run goes on far longer than a test may: its exponents alone take seconds upon seconds. */
export function longConfig(): string {
  const row = Array.from({ length: 512 }, () => 0.001);
  return JSON.stringify({
    weights: { Wx: [row], Wh: row.map((_, i) => row.map((__, j) => (i === j ? 1 : 0.001))), b: row },
    sequences: Array.from({ length: 20_000 }, () => [0.5]),
  });
}
