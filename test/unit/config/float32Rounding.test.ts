import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readConfigText } from './memory.js';

/** Numbers of a float32 (or float64) run whose only input is this text. */
async function read(texts: readonly string[], dtype = 'float32'): Promise<Float64Array> {
  const sequences = texts.map((text) => `[${text}]`).join(',');
  const { experiment, problems } = await readConfigText(
    `{"dtype":"${dtype}","weights":{"Wx":[[1]],"Wh":[[1]],"b":[0]},"sequences":[${sequences}]}`,
  );
  assert.ok(experiment !== null, problems.map(({ message }) => message).join('\n'));
  return experiment.chunks[0]?.xs ?? new Float64Array(0);
}

/** mantissa·2^exponent in full, exponent < 0. */
function decimal(mantissa: bigint, exponent: number): string {
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString().padStart(1 - exponent, '0');
  return `${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

describe('a float32 is rounded once from its decimal', () => {
  it('on both sides of every middle, normal or subnormal', async () => {
    const normal = fc.tuple(fc.bigInt({ min: 1n << 23n, max: (1n << 24n) - 2n }), fc.integer({ min: -149, max: -1 }));
    const subnormal = fc.tuple(fc.bigInt({ min: 0n, max: (1n << 23n) - 2n }), fc.constant(-149));
    await fc.assert(
      fc.asyncProperty(fc.oneof(normal, subnormal), async ([mantissa, exponent]) => {
        const middle = decimal(2n * mantissa + 1n, exponent - 1);
        const [lower, upper] = [Number(mantissa) * 2 ** exponent, Number(mantissa + 1n) * 2 ** exponent];
        const even = mantissa % 2n === 0n ? lower : upper;
        const texts = [
          middle,
          `${middle}${'0'.repeat(30)}1`,
          middle.replace(/5$/, `4${'9'.repeat(30)}`),
          `-${middle}0001`,
        ];
        const [at, above, below, negative] = (await read(texts)).map(Math.fround);
        assert.deepEqual([at, above, below, negative], [even, upper, lower, -upper], middle);
      }),
      { numRuns: 300 },
    );
  });

  it('and a float64 run keeps the float64 as it is', async () => {
    const text = `0.500000029802322387695312500000000000001`;
    assert.equal((await read([text], 'float64'))[0], Number(text));
    assert.equal(Math.fround(Number(text)), 0.5);
    assert.equal(Math.fround((await read([text]))[0] ?? 0), Math.fround(0.50000006));
  });

  it('just below what would be infinite', async () => {
    const most = 2 ** 128 - 2 ** 104;
    const half = (2n ** 128n - 2n ** 103n).toString();
    assert.equal(Math.fround((await read([`${(2n ** 128n - 2n ** 103n - 1n).toString()}.9`]))[0] ?? 0), most);
    const { problems } = await readConfigText(`{"weights":{"Wx":[[1]],"Wh":[[1]],"b":[0]},"sequences":[[${half}]]}`);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['number-overflow'],
    );
  });
});
