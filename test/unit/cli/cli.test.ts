import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { isPlain, referenceNames } from '../engine/fixtures.js';
import { npyOf, npzOf } from '../config/memory.js';
import { onlyLong } from '../../support/long.js';
import { networkCase } from '../engine/networkFixtures.js';

type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string };
const cli = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['dist/cli.js', ...args], { maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
    );
  });

type Result = {
  schema: number;
  name: string;
  cell: string;
  dtype: string;
  shapes: Record<string, number>;
  hs: number[][][];
  dxs: number[][][];
  [gradient: `d${string}`]: unknown;
  norms: Record<`d${string}` | 'log10dh', (number | string)[]>;
  spectrum: {
    spectralRadiusWh: number;
    spectralRadiusBounds: [number, number] | null;
    sigmaMaxWh: number;
    jacobianSigmaMax: number[];
    lyapunov: (number | string)[] | null;
  };
  verdict: { kind: string; perStepFactor: number | null; halfLifeSteps: number | null; reason: string };
};

const flatten = (nested: unknown): number[] => (Array.isArray(nested) ? nested.flatMap(flatten) : [nested as number]);
function assertClose(actual: unknown, expected: unknown, tolerance: number, name: string): void {
  const [a, e] = [flatten(actual), flatten(expected)];
  assert.equal(a.length, e.length, `${name}: length`);
  const largest = Math.max(...e.map(Math.abs));
  const worst = Math.max(...a.map((value, i) => Math.abs(value - (e[i] ?? NaN))));
  assert.ok(worst <= tolerance * largest, `${name}: off by ${worst} of ${largest}`);
}

describe('rnn-gradients run', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-cli-'));
  });
  after(() => rm(folder, { recursive: true }));
  const write = async (name: string, content: unknown): Promise<string> => {
    const file = path.join(folder, name);
    await writeFile(
      file,
      typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
    );
    return file;
  };

  it('tells the next thing to try with what it does: run, and only where it helps', async () => {
    // h_t = h_{t−1}·Wh: half is left at each step, and of an orthogonal Wh all.
    const ring = (rate: number): unknown => ({
      name: 'ring',
      cell: 'identity',
      dtype: 'float64',
      weights: {
        Wx: [[1, 0]],
        Wh: [
          [0, rate],
          [rate, 0],
        ],
        b: [[0, 0]],
      },
      sequences: [Array.from({ length: 40 }, (_, t) => [Math.sin(t)])],
    });
    const { stdout } = await cli('run', await write('half.rnn.json', ring(0.5)));
    assert.match(stdout, /\nTry an orthogonal Wh: .*\. With it: HEALTHY, ×1\.000 per step back\.\n/);
    assert.doesNotMatch((await cli('run', await write('one.rnn.json', ring(1)))).stdout, /Try |With it/);
    // Of tanh what is left to mend is told too, as the panel tells it.
    const weather = (await cli('run', 'examples/weather/weather.rnn.json')).stdout;
    assert.match(weather, /Try Wh rescaled .* With it: FADING, ×0\.9617 .*; 1 % is then left after 117\.9 steps\.\n/);
    const stack = (await cli('run', 'examples/stack/stack.rnn.json')).stdout;
    assert.match(stack, /\nlayer 1: The forget gates are .* With it: VANISHING, ×0\.6542 per step back\.\n/);
  });

  onlyLong(it)('tells the same with any number of threads, and what --threads takes', async () => {
    // Enough work for threads, few steps: the exponents of long sequences would take a minute.
    const [B, T, I, H] = [400, 10, 40, 256];
    let state = 1;
    const next = (): number => Math.round(((state = (state * 48271) % 2147483647) / 2147483647 - 0.5) * 1e4) / 1e4;
    const block = (rows: number, columns: number, scale: number): number[][] =>
      Array.from({ length: rows }, () => Array.from({ length: columns }, () => next() * scale));
    const config = await write('large.rnn.json', {
      name: 'large',
      weights: { Wx: block(I, H, 1), Wh: block(H, H, 0.2), b: block(1, H, 0.1) },
      sequences: Array.from({ length: B }, () => block(T, I, 1)),
    });
    const [one, two] = [await cli('run', config, '--threads', '1'), await cli('run', config, '--threads', '2')];
    assert.equal(one.code, 0);
    assert.match(one.stdout, /B 400, T 10, I 40, H 256/);
    assert.equal(two.stdout, one.stdout);
    const wrong = await cli('run', config, '--threads', 'many');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--threads takes a whole number from 0 to 16, not "many"\./);
  });

  it('prints the verdict, the reason and a table', async () => {
    const { code, stdout, stderr } = await cli('run', 'examples/vanishing/vanishing.rnn.json');
    assert.equal(stderr, '');
    assert.equal(code, 0);
    assert.match(stdout, /^VANISHING {2}vanishing: half is lost/);
    assert.match(stdout, /^ +23 /m);
    assert.match(stdout, /^ +0 /m);
  });

  onlyLong(it)('tells bounds of the spectral radius of a Wh too large for its eigenvalues', async () => {
    // Strictly triangular, so that the radius is 0; but powers of it are zero only from the 1,025th on.
    const H = 1025;
    const Wh = Array.from({ length: H }, (_, k) => Array.from({ length: H }, (__, j) => (j > k ? 0.01 : 0)));
    const config = await write('wide.rnn.json', {
      cell: 'identity',
      weights: { Wx: [Wh[0]], Wh, b: Wh[H - 1] },
      sequences: [[1], [1]],
    });
    const target = path.join(folder, 'wide.json');
    const { code, stdout } = await cli('run', config, '--json', target);
    assert.equal(code, 0);
    assert.match(stdout, /^spectral radius of Wh 0 … 0\.\d+ \(information only\)/m);
    const {
      spectrum: { spectralRadiusWh, spectralRadiusBounds },
    } = JSON.parse(await readFile(target, 'utf8')) as Result;
    assert.deepEqual(spectralRadiusBounds, [0, spectralRadiusWh]);
  });

  // And every case of a cell that only plain arithmetic runs.
  const plain = referenceNames().filter(isPlain);
  for (const name of ['typical', 'relu', 'identity_contracting', 'nonzero_h0', 'loss_every_step', 't1', ...plain]) {
    it(`writes the result of the reference case ${name} as JSON`, async () => {
      const reference = JSON.parse(await readFile(`test/fixtures/reference/${name}.json`, 'utf8')) as Record<
        string,
        never
      > & { expected: Result & { dhTotal: number[] }; weights: object };
      const config = await write(`${name}.rnn.json`, {
        name,
        cell: reference['cell'],
        dtype: 'float64',
        weights: reference.weights,
        sequences: reference['xs'],
        initialState: reference['h0'],
        upstreamGradient: reference['dhs'],
        // Two sequences of one step would be asked about.
        ...(name === 't1' ? { sequenceOrder: 'BTI' } : {}),
      });
      const { code, stdout, stderr } = await cli('run', config, '--json', '-');
      assert.equal(stderr, '');
      assert.equal(code, 0);
      const result = JSON.parse(stdout) as Result;
      assert.equal(result.schema, 2);
      assert.equal(result.name, name);
      assert.deepEqual(result.shapes, reference['shapes']);
      const gradients = Object.keys(reference.weights).map((parameter) => `d${parameter}` as const);
      assert.ok(gradients.length >= 3);
      for (const tensor of ['hs', 'dxs', ...gradients] as const)
        assertClose(result[tensor], reference.expected[tensor], 1e-12, tensor);
      // Schema 2 has it for every layer and direction.
      assertClose(result['dh0'], [reference.expected['dh0']], 1e-12, 'dh0');
      for (const norm of ['dh', 'dx', ...gradients] as const)
        assertClose(result.norms[norm], reference.expected.norms[norm], 1e-9, norm);
      assertClose(
        result.spectrum.jacobianSigmaMax,
        reference.expected.spectrum.jacobianSigmaMax,
        1e-9,
        'jacobianSigmaMax',
      );
      assert.equal(result.spectrum.spectralRadiusBounds, null);
      assertClose(
        [result.spectrum.spectralRadiusWh, result.spectrum.sigmaMaxWh],
        [reference.expected.spectrum.spectralRadiusWh, reference.expected.spectrum.sigmaMaxWh],
        1e-9,
        'Wh',
      );
    });
  }

  it('writes non-finite numbers as strings', async () => {
    const reference = JSON.parse(await readFile('test/fixtures/reference/zero_weights.json', 'utf8')) as Record<
      string,
      unknown
    >;
    const config = await write('zero.rnn.json', { weights: reference['weights'], sequences: reference['xs'] });
    const target = path.join(folder, 'zero.json');
    assert.equal((await cli('run', config, '--json', target)).code, 0);
    const { norms, spectrum } = JSON.parse(await readFile(target, 'utf8')) as Result;
    assert.equal(norms.log10dh[0], '-Infinity');
    assert.ok(spectrum.lyapunov?.every((exponent) => exponent === '-Infinity'));
  });

  it('says how many Lyapunov exponents are lost, and where there are none', async () => {
    const told = async (name: string, b: readonly number[], xs: readonly number[]): Promise<string> => {
      const config = await write(`${name}.rnn.json`, {
        cell: 'relu',
        weights: {
          Wx: [[1, 1, 1]],
          Wh: [
            [0.5, 0, 0],
            [0.1, 0.5, 0],
            [0, 0.1, 0.5],
          ],
          b: [b],
        },
        sequences: [xs.map((x) => [x])],
      });
      const target = path.join(folder, `${name}.json`);
      const { code, stdout } = await cli('run', config, '--json', target);
      assert.equal(code, 0);
      const { spectrum } = JSON.parse(await readFile(target, 'utf8')) as Result;
      return `${/singular value.*/.exec(stdout)?.[0] ?? ''} | ${JSON.stringify(spectrum.lyapunov?.slice(1) ?? null)}`;
    };
    // The second and third unit are always off; then all of them at one step of three.
    // J = diag(1,0,0)·Whᵀ, so that J³ = ¼·J, whose largest singular value is ¼·√(0.5² + 0.1²) = 0.5033³.
    assert.match(
      await told('lost', [1, -9, -9], [1, 1, 1]),
      new RegExp(
        String.raw`exponent -0\.6931 \(from Q = I\); 2 of 3 are −∞ \(a Jacobian is singular\); the best-surviving ` +
          String.raw`direction is multiplied by 0\.5033 per step \| \["-Infinity","-Infinity"\]$`,
      ),
    );
    assert.match(
      await told('nothing', [0, 0, 0], [1, -9, 1]),
      /no Lyapunov exponents \(the product of all Jacobians is exactly zero\) \| null$/,
    );
  });

  it('prints the leading Lyapunov exponents of a wide layer, and computes all of them for a file', async () => {
    const [H, T] = [256, 40];
    const block = (rows: number, columns: number): number[][] =>
      Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => ((i * 7 + j * 3) % 11) / 100));
    const config = await write('wide.rnn.json', {
      cell: 'gru',
      weights: { weight_ih_l0: block(3 * H, 1), weight_hh_l0: block(3 * H, H) },
      sequences: [Array.from({ length: T }, (_, t) => [t % 3])],
    });
    const line = (stdout: string): string => /^layer 0: .*Lyapunov.*$/m.exec(stdout)?.[0] ?? stdout;
    assert.match(
      line((await cli('run', config)).stdout),
      /^layer 0: largest of the leading 32 of 256 Lyapunov exponents \S+ \(from Q = I\)$/,
    );
    const target = path.join(folder, 'wide.json');
    const { code, stdout } = await cli('run', config, '--json', target);
    assert.equal(code, 0);
    const { layers } = JSON.parse(await readFile(target, 'utf8')) as {
      readonly layers: readonly { readonly spectrum: { readonly lyapunov: readonly number[] } }[];
    };
    const { lyapunov } = layers[0]!.spectrum;
    assert.equal(lyapunov.length, H);
    assert.equal(Number(/exponent (\S+) /.exec(line(stdout))?.[1]), Number(lyapunov[0]!.toPrecision(4)));
    assert.match(line(stdout), /^layer 0: largest Lyapunov exponent /);
  });

  it('tells in the JSON how far off the exponents are, where float64 cannot hold one', async () => {
    // A forget gate that is all but shut beside a path through h: in QR e^−78 is lost beside the path's 1e-6.
    const config = await write('graded.rnn.json', {
      dtype: 'float64',
      weights: {
        weight_ih_l0: [[0], [0], [0], [0]],
        weight_hh_l0: [[1.5], [-3.5], [15.5], [9.5]],
        bias_ih_l0: [-14.5, -78, -10, 40],
        bias_hh_l0: [0, 0, 0, 0],
      },
      sequences: [[[0], [0], [0], [0]]],
    });
    type Told = { readonly lyapunov: readonly [number, number]; readonly lyapunovError: number };
    const { layers } = JSON.parse((await cli('run', config, '--json', '-')).stdout) as {
      readonly layers: readonly [{ readonly spectrum: Told }];
    };
    const { lyapunov, lyapunovError } = layers[0].spectrum;
    // In arithmetic of 600 digits.
    const exact = [-14.007893159722766, -116.24081120014614] as const;
    assert.ok(Math.abs(lyapunov[0] - exact[0]) < 1e-9, `${lyapunov[0]}`);
    const off = Math.abs(lyapunov[1] - exact[1]);
    assert.ok(off <= Math.max(lyapunovError, 1e-9), `off by ${off}, told ${lyapunovError}`);
  });

  it('says of each layer of a stack that its Jacobians are not finite', async () => {
    const layer = (n: number, Wh: number): object => ({
      [`weight_ih_l${n}`]:
        n === 0
          ? [[1], [1]]
          : [
              [1, 0],
              [0, 1],
            ],
      [`weight_hh_l${n}`]: [
        [Wh, 0],
        [0, Wh],
      ],
      [`bias_ih_l${n}`]: [0, 0],
      [`bias_hh_l${n}`]: [0, 0],
    });
    const config = await write('two.rnn.json', {
      cell: 'relu',
      weights: { ...layer(0, 4), ...layer(1, 0.5) },
      // h = (4^{t+1} − 1)/3 leaves float32 at t = 64; then ∞·0 is no number.
      sequences: [Array.from({ length: 80 }, () => [1])],
    });
    const { stdout } = await cli('run', config);
    assert.deepEqual(
      stdout.match(/^layer \d: .*Lyapunov.*$/gm),
      [0, 1].map((n) => `layer ${n}: no Lyapunov exponents (a Jacobian holds a number that is not finite)`),
    );
    assert.match(stdout, /^It begins in layer 0\. The forward pass is not finite from t = 64 on: h of unit 0 is ∞ /m);
  });

  it('writes the report as one HTML file that names no other', async () => {
    const target = path.join(folder, 'report.html');
    const { code, stderr } = await cli(
      'run',
      'examples/vanishing/vanishing.rnn.json',
      '--html',
      target,
      '--fail-on',
      'vanishing',
    );
    assert.equal(stderr, '');
    assert.equal(code, 1, 'the verdict still counts');
    const html = await readFile(target, 'utf8');
    assert.match(
      html,
      /<meta http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;; script-src &#39;sha256-/,
    );
    assert.match(html, /<dt>Experiment<\/dt><dd>vanishing\.rnn\.json<\/dd>/);
    assert.match(html, /"upstreamGradient"|half is lost/);
    assert.deepEqual(
      [...html.matchAll(/<(?:script|link|img|iframe|style)\b[^>]*?\b(?:src|href)=(?!"data:,")[^>]*>/g)].map(
        ([tag]) => tag,
      ),
      [],
    );
    assert.equal([...html.matchAll(/<\/script>/g)].length, 4, 'nothing inside a script ends it');
    assert.doesNotMatch(html, /sourceMappingURL/);
  });

  it('tells in the report of a network its verdict, its loss and its clipping, and no note as a warning', async () => {
    const config = path.join(folder, 'network.rnn.json');
    const layer = (suffix: string): Record<string, unknown> => ({
      [`weight_ih_${suffix}`]: [[1], [1], [1], [1]],
      [`weight_hh_${suffix}`]: [[0.5], [0.5], [0.5], [0.5]],
      [`bias_ih_${suffix}`]: [0, 1, 0, 0],
    });
    await writeFile(
      config,
      JSON.stringify({
        weights: { ...layer('l0'), ...layer('l1'), dropout: 0.5 },
        sequences: [[[1], [2], [3]]],
        loss: { kind: 'mse', readout: { Why: [[1]], by: [0] }, targets: [[9]], at: 'last' },
        clip: { norm: 0.001 },
      }),
    );
    const target = path.join(folder, 'network.html');
    const { code, stderr } = await cli('run', config, '--html', target);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /weights\.dropout: note: Dropout acts only in training/);
    const html = await readFile(target, 'utf8');
    assert.match(html, /"lossValue":\d/);
    assert.match(html, /"clipNorm":0\.001/);
    assert.match(html, /"network":\{"layers":\[/);
    assert.doesNotMatch(html, /<dt>Warnings<\/dt>/);
  });

  it('tells a report that cannot be written', async () => {
    const target = path.join(folder, 'no', 'such', 'folder.html');
    const { code, stderr } = await cli('run', 'examples/vanishing/vanishing.rnn.json', '--html', target);
    assert.equal(code, 2);
    assert.match(stderr, /folder\.html:1:1: The result could not be written: there is no such folder/);
  });

  it('exits with 1 when the verdict is refused, with 0 when another one is', async () => {
    assert.equal(
      (await cli('run', 'examples/exploding/exploding.rnn.json', '--fail-on', 'vanishing,exploding')).code,
      1,
    );
    assert.equal((await cli('run', 'examples/exploding/exploding.rnn.json', '--fail-on', 'vanishing')).code, 0);
    assert.equal(
      (await cli('run', 'examples/orthogonal/orthogonal.rnn.json', '--fail-on', 'vanishing,exploding,nonfinite')).code,
      0,
    );
  });

  it('finds in the examples what they say of themselves', async () => {
    const code = async (example: string, ...rest: string[]): Promise<number | null> =>
      (await cli('run', `examples/${example}/${example}.rnn.json`, '--fail-on', 'vanishing', ...rest)).code;
    assert.equal(await code('lstm-forget-bias'), 1);
    const shut = await readFile('examples/lstm-forget-bias/lstm-forget-bias.rnn.json', 'utf8');
    const biases = /"bias_ih_l0": \[.*\]/.exec(shut)?.[0] ?? '';
    const opened = shut.replace(biases, biases.replaceAll('-1', '3'));
    assert.notEqual(opened, shut);
    assert.match((await cli('run', await write('opened.rnn.json', opened))).stdout, /4\.2 % of the gradient/);
    // Layers 0 and 2 carry the gradient, the one between does not.
    for (const [layer, expected] of [0, 1, 0].entries())
      assert.equal(await code('stack', '--layer', String(layer)), expected, `layer ${layer}`);
    const packed = await cli('run', 'examples/packed/packed.rnn.json');
    assert.match(packed.stdout, /two directions, .*lengths 10 to 40/);
  });

  it('names the array that is meant of a file of sequences by an option, which the error without it says', async () => {
    const weights = await write('plain.json', { Wx: [[0.5]], Wh: [[0.3]], b: [0] });
    const arrays = await write('arrays.npz', npzOf({ other: npyOf([2], [1, 2]), xs: npyOf([1, 3, 1], [1, 2, 3]) }));
    const unnamed = await cli('run', weights, arrays);
    assert.equal(unnamed.code, 2);
    assert.match(unnamed.stderr, /several arrays: name the one that is meant: --array xs\.$/m);
    const named = await cli('run', weights, arrays, '--array', 'xs');
    const config = await write('array.rnn.json', {
      weights: 'plain.json',
      sequences: { file: 'arrays.npz', name: 'xs' },
    });
    const rest = ({ stdout }: { readonly stdout: string }): string => stdout.slice(stdout.indexOf('\n'));
    assert.equal(rest(named), rest(await cli('run', config)));
  });

  it('decides by the bounds that are asked for, and refuses what is none', async () => {
    // A half at each of 9 steps back leaves 1/512; 1.5 at each makes 38 of it.
    const at = async (w: number): Promise<string> =>
      write(`half${w}.rnn.json`, {
        cell: 'identity',
        weights: { Wx: [[1]], Wh: [[w]], b: [0] },
        sequences: [Array.from({ length: 10 }, () => [1])],
      });
    const verdict = async (file: string, ...bounds: string[]): Promise<string | undefined> =>
      (await cli('run', file, ...bounds.flatMap((text) => ['--bounds', text]))).stdout.split(' ')[0];
    const [half, more] = [await at(0.5), await at(1.5)];
    assert.equal(await verdict(half), 'FADING');
    assert.equal(await verdict(half, 'vanishing=0.002'), 'VANISHING');
    assert.equal(await verdict(half, 'fading=0.0019'), 'HEALTHY');
    assert.equal(await verdict(more), 'HEALTHY');
    assert.equal(await verdict(more, 'vanishing=0.1, exploding=38'), 'EXPLODING');
    assert.equal((await cli('run', more, '--bounds', 'exploding=38', '--fail-on', 'exploding')).code, 1);
    for (const wrong of ['', 'vanishing', 'vanishing=', 'vanishing=0', 'fading=1.1', 'exploding=0.9', 'healthy=1'])
      assert.match((await cli('run', half, `--bounds=${wrong}`)).stderr, /--bounds does not take/, wrong);
  });

  it('takes sequences whose steps stand first by an option, which the question without it names', async () => {
    const weights = await write('plain.json', { Wx: [[0.5]], Wh: [[0.3]], b: [0] });
    const [a, b] = [
      [1, -2, 0.5, 4, 3, 2, -1, 6],
      [7, 0.25, -3, 2, 5, 1, 2, -4],
    ];
    const bySequence = await write('bySequence.npy', npyOf([2, 8, 1], [...a, ...b]));
    const steps = a.flatMap((value, t) => [value, b[t]!]);
    const byStep = await write('byStep.npy', npyOf([8, 2, 1], steps));
    const told = ({ stdout }: Ran): string => stdout.slice(stdout.indexOf('\n'));
    const expected = told(await cli('run', weights, bySequence));
    const taken = await cli('run', weights, byStep, '--order', 'TBI');
    assert.deepEqual([taken.code, told(taken), taken.stderr], [0, expected, '']);
    const asked = await cli('run', weights, byStep);
    assert.match(asked.stderr, /say --order TBI on the command line/);
    assert.notEqual(told(asked), expected);
    const answered = await cli('run', weights, byStep, '--order', 'BTI');
    assert.deepEqual([told(answered), answered.stderr], [told(asked), '']);
    assert.match((await cli('run', weights, byStep, '--order', 'tbi')).stderr, /--order takes BTI or TBI, not "tbi"/);
  });

  it('runs weights on sequences without a config, as one that names both does', async () => {
    const at = (file: string): string => path.resolve('test/fixtures/files', file);
    const [weights, sequences] = [at('two_networks.pt'), at('seq_f8.npy')];
    for (const name of ['encoder', 'decoder']) {
      const config = await write('both.rnn.json', JSON.stringify({ weights: { file: weights, name }, sequences }));
      const [own, expected] = [await cli('run', weights, sequences, '--name', name), await cli('run', config)];
      assert.equal(own.code, 0);
      const rest = ({ stdout }: { readonly stdout: string }): string => stdout.slice(stdout.indexOf('\n'));
      assert.equal(rest(own), rest(expected));
      assert.match(own.stdout.split('\n')[0] ?? '', new RegExp(`two_networks · ${name} \\+ seq_f8 {2}\\(`));
    }
    const unnamed = await cli('run', weights, sequences);
    assert.equal(unnamed.code, 2);
    assert.match(unnamed.stderr, /encoder: LSTM .*decoder: GRU.* Name the one that is meant: --name encoder\.$/m);
    const report = await write('both.html', '');
    assert.equal((await cli('run', weights, sequences, '--name', 'encoder', '--html', report)).code, 0);
    assert.match(await readFile(report, 'utf8'), /<title>[^<]*two_networks · encoder/);
    for (const [words, refused] of [
      [[weights, sequences, 'more'], /two files: "more" is too much/],
      [['a.rnn.json', sequences], /One config at a time/],
      [['a.rnn.json', '--name', 'encoder'], /--name is for weights and sequences/],
      [['a.rnn.json', '--array', 'xs'], /--array is for weights and sequences/],
      [['a.rnn.json', '--order', 'TBI'], /--order is for weights and sequences/],
    ] as const) {
      const { code, stderr } = await cli('run', ...words);
      assert.equal(code, 2);
      assert.match(stderr, refused);
    }
  });

  it('shows the direction that is asked for, in the table, the report and --fail-on', async () => {
    const reference = networkCase('lstm_bi_2layer_ragged');
    const keys = ['cell', 'dtype', 'weights', 'sequences', 'initialState', 'upstreamGradient', 'loss'];
    const given = Object.entries(reference).filter(([key, value]) => keys.includes(key) && value !== null);
    const config = await write('ways.rnn.json', Object.fromEntries(given));
    const titlesOf = async (...rest: string[]): Promise<string[]> =>
      [...(await cli('run', config, ...rest)).stdout.matchAll(/^(layer \d(?:, \w+)?): [A-Z]+ /gm)].map(
        ([, title]) => title!,
      );
    assert.deepEqual(await titlesOf(), [
      'layer 0, forward',
      'layer 0, reverse',
      'layer 1, forward',
      'layer 1, reverse',
    ]);
    assert.deepEqual(await titlesOf('--direction', 'reverse'), ['layer 0, reverse', 'layer 1, reverse']);
    const target = path.join(folder, 'ways.html');
    for (const [direction, name] of [
      ['forward', 'layer 1, forward'],
      ['reverse', 'layer 1, reverse'],
    ] as const) {
      const chosen = ['--layer', '1', '--direction', direction];
      assert.deepEqual(await titlesOf(...chosen, '--html', target), [name]);
      assert.ok((await readFile(target, 'utf8')).includes(`<dd>ways.rnn.json · ${name}</dd>`), direction);
    }
    const arrivals = (await cli('run', config, '--attribution', '--direction', 'forward')).stdout;
    assert.match(arrivals, /\n +s +layer 0, forward +layer 1, forward\n/);
    // The gradient of one direction vanishes: its Wh is 0.
    const way = (suffix: string, wh: number): object => ({
      [`weight_ih_${suffix}`]: [[0.1]],
      [`weight_hh_${suffix}`]: [[wh]],
    });
    const uneven = await write('uneven.rnn.json', {
      cell: 'identity',
      weights: { ...way('l0', 1), ...way('l0_reverse', 0.1) },
      sequences: [Array.from({ length: 9 }, () => [1])],
    });
    const code = async (...rest: string[]): Promise<number | null> =>
      (await cli('run', uneven, '--fail-on', 'vanishing', ...rest)).code;
    assert.deepEqual([await code(), await code('--direction', 'forward')], [1, 0]);
    assert.equal(await code('--direction', 'reverse'), 1);
  });

  it('tells how much of each loss arrives at each layer and direction where it is asked to', async () => {
    // Ones on what each direction computed last: the reverse one has its loss at the first step.
    const { expected, ...reference } = networkCase('gru_bi_final');
    const keys = ['name', 'cell', 'dtype', 'weights', 'sequences', 'initialState', 'upstreamGradient'];
    const given = Object.entries(reference).filter(([key, value]) => keys.includes(key) && value !== null);
    const config = await write('both.rnn.json', Object.fromEntries(given));
    const { layers } = expected as { readonly layers: readonly { readonly norms: { readonly ds: number[] } }[] };
    const [forward, reverse] = layers.map(({ norms }) => Math.log10(Math.hypot(...norms.ds)));
    type Told = {
      readonly attribution: {
        readonly sources: unknown;
        readonly layers: readonly { readonly log10ds: readonly (number | string)[] }[];
      } | null;
    };
    const json = JSON.parse((await cli('run', config, '--attribution', '--json', '-')).stdout) as Told;
    assert.deepEqual(json.attribution?.sources, [
      { from: 0, to: 0 },
      { from: 8, to: 8 },
    ]);
    const [first, second] = json.attribution.layers.map(({ log10ds }) => log10ds);
    assert.deepEqual([first?.[0], second?.[1]], ['-Infinity', '-Infinity']);
    assert.ok(Math.abs(Number(first?.[1]) - forward!) < 1e-9 && Math.abs(Number(second?.[0]) - reverse!) < 1e-9);
    const { stdout, stderr } = await cli('run', config, '--attribution');
    assert.equal(stderr, '');
    const [title, ...rows] = stdout.trimEnd().split('\n').slice(-3);
    assert.equal(title?.trim(), 's  layer 0, forward  layer 0, reverse');
    assert.deepEqual(
      rows.map((row) => row.trim().split(/ +/)),
      [
        ['8', (10 ** forward!).toPrecision(4), '0'],
        ['0', '0', (10 ** reverse!).toPrecision(4)],
      ],
    );
    const without = await cli('run', config, '--json', '-');
    assert.equal((JSON.parse(without.stdout) as Told).attribution, null);
  });

  it('holds gradients against centred differences, and leaves standard output to the JSON', async () => {
    for (const example of ['weather/lstm', 'weather/gru', 'packed/packed', 'vanishing/vanishing']) {
      const { code, stdout, stderr } = await cli('run', `examples/${example}.rnn.json`, '--check-gradients');
      assert.deepEqual([code, stderr], [0, ''], example);
      assert.match(stdout, /\n\nGradient check {2}[^\n]+\nEvery gradient agrees with centred differences/, example);
    }
    const both = await cli('run', 'examples/stack/stack.rnn.json', '--check-gradients', '--json', '-');
    assert.equal((JSON.parse(both.stdout) as { readonly schema: number }).schema, 2);
    assert.match(both.stderr, /^\nGradient check {2}stack[^\n]*\nEvery gradient agrees/);
    const weights = { Wx: [[1]], Wh: [[1e300]], b: [1e300] };
    const config = await write('overflow.rnn.json', {
      cell: 'identity',
      dtype: 'float64',
      weights,
      sequences: [[[1], [1], [1]]],
    });
    const { code, stdout } = await cli('run', config, '--check-gradients');
    assert.equal(code, 0);
    assert.match(stdout, /The value of the loss is not finite/);
  });

  it('tells every problem with its place and exits with 2', async () => {
    const config = await write(
      'broken.rnn.json',
      '{\n  "cell": "tahn",\n  "weights": "nowhere.json",\n  "sequences": [[1, 2], [3]]\n}\n',
    );
    const { code, stdout, stderr } = await cli('run', config);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    const lines = stderr.trim().split('\n');
    assert.ok(
      lines.every((line) => line.startsWith(`${config}:`)),
      stderr,
    );
    assert.deepEqual(lines.map((line) => Number(line.slice(config.length + 1).split(':')[0])).sort(), [2, 3, 4]);
    assert.match(stderr, /:2:11: .*tanh/);
    assert.match(stderr, /:3:14: .*nowhere\.json/);
  });

  it('tells a config that is not there', async () => {
    const { code, stderr } = await cli('run', path.join(folder, 'none.rnn.json'));
    assert.equal(code, 2);
    assert.match(stderr, /none\.rnn\.json:1:1: The file "none\.rnn\.json" does not exist\./);
    assert.doesNotMatch(stderr, /relative/, 'nothing names it, so it is relative to nothing');
  });

  it('tells before it computes anything that the result cannot be written there', async () => {
    for (const [target, why] of [
      [folder, /it is a folder/],
      [path.join(folder, 'none', 'result.json'), /no such folder.*Make it/],
    ] as const) {
      const { code, stdout, stderr } = await cli('run', 'examples/vanishing/vanishing.rnn.json', '--json', target);
      assert.equal(code, 2);
      assert.equal(stdout, '', 'no verdict, no table');
      assert.ok(stderr.startsWith(`${target}:1:1: The result could not be written: `), stderr);
      assert.match(stderr, why);
    }
  });

  it('leaves an old result alone when the config cannot be run', async () => {
    const target = path.join(folder, 'old.json');
    await writeFile(target, 'old');
    const config = await write('broken.rnn.json', { weights: 'nowhere.json' });
    assert.equal((await cli('run', config, '--json', target)).code, 2);
    assert.equal(await readFile(target, 'utf8'), 'old');
  });

  it('takes a reader that closes the pipe early as content', async () => {
    const ran = await new Promise<Ran>((resolve) => {
      const child = execFile(
        process.execPath,
        ['dist/cli.js', 'run', 'examples/weather/weather.rnn.json', '--json', '-', '--fail-on', 'vanishing'],
        (error, stdout, stderr) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
      child.stdout?.destroy();
    });
    assert.equal(ran.stderr, '');
    assert.equal(ran.code, 1, 'the verdict still counts');
  });

  it('explains itself when the words are wrong', async () => {
    for (const args of [
      [],
      ['walk'],
      ['run'],
      ['run', 'a.rnn.json', 'b'],
      ['run', 'a', '--nope'],
      ['run', 'a', '--fail-on', 'sad'],
      ['schema', 'a'],
    ]) {
      const { code, stderr } = await cli(...args);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, /Usage: rnn-gradients run/);
    }
    const help = await cli('--help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /Usage/);
    assert.match(help.stdout, /\ninspect: .* and why run would refuse one\.\n/);
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { readonly version: string };
    for (const args of [['--version'], ['run', '--version']])
      assert.deepEqual(await cli(...args), { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('keeps what is wrong in sight above the commands, and says where there is more', async () => {
    const { stderr } = await cli('run', 'a', '--fail-on', 'sad');
    const lines = stderr.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /^--fail-on does not know "sad"\./);
    assert.equal(lines.at(-1), 'rnn-gradients --help tells more.');
    assert.ok(lines.length <= 10, stderr);
  });

  it('refuses options that do nothing for a command, and values that are none, in its own words', async () => {
    const config = 'examples/vanishing/vanishing.rnn.json';
    for (const [args, told] of [
      [['inspect', config, '--layer', '3'], '"inspect" does not know --layer. It takes: --max-text, --language.'],
      [['inspect', config, '--html', path.join(folder, 'x.html')], '"inspect" does not know --html. It takes: '],
      [['schema', '--json', path.join(folder, 'x.json')], '"schema" does not know --json. It takes: --language.'],
      [['run', config, '--name', 'x'], '--name is for weights and sequences: '],
      [['run', config, '--root', 'x'], '"run" does not know --root. It takes: --json, --html, --fail-on, '],
      [['run', config, '--root', '.'], '"run" does not know --root. '],
      [['convert', config, 'o.json', '--threads', '1'], '"convert" does not know --threads. It takes: --name, '],
      [['mcp', '--name', 'x'], '"mcp" does not know --name. It takes: --root, '],
      [['run', config, '--nope'], '"run" does not know --nope. '],
      [['--nope'], 'No command knows --nope.'],
      [['run', config, '--layer', '-1'], '--layer takes the number of a layer, counted from 0, not "-1".'],
      [['run', config, '--direction', 'back'], '--direction takes forward or reverse, not "back".'],
      [['run', config, '--direction', 'reverse'], '--direction reverse: this network has the forward direction alone.'],
      [['run', config, '--layer'], '--layer takes a value, and none stands behind it.'],
      [
        ['run', config, '--json', '--html', 'x'],
        '--json takes a value, and "--html" is an option. Write --json=--html',
      ],
      [['run', config, '--attribution=yes'], '--attribution takes no value: "yes" is too much.'],
      [['run', config, '--html', '-'], '--html takes the name of a file, not "-": only --json writes to standard'],
      [['run', config, '--fail-on', ''], '--fail-on names no verdict. It takes vanishing, fading, exploding, '],
      [['run', config, '--fail-on', ' ,'], '--fail-on names no verdict. '],
      // The last one alone would count, and a verdict that is refused by the first would pass.
      [
        ['run', config, '--fail-on', 'vanishing', '--fail-on=exploding'],
        '--fail-on is given twice, as "vanishing" and as "exploding". Write it once; values of --fail-on and ' +
          '--bounds are separated by commas.',
      ],
      [['convert', config, 'o.json', '--name', 'x', '--name', 'x'], '--name is given twice, as "x" and as "x". '],
      [['convert', config, 'o.npz'], 'OUT takes the name of a file that ends in .json or .safetensors, not "o.npz".'],
      [['convert', config], 'The file to write is missing: OUT.json or OUT.safetensors.'],
      [['convert', config, '-'], 'OUT takes the name of a file, not "-": only --json writes to standard output.'],
    ] as const) {
      const { code, stdout, stderr } = await cli(...args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.ok(stderr.startsWith(told), stderr);
      assert.match(stderr, /Usage: rnn-gradients run/);
    }
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.startsWith('x.')),
      [],
    );
    assert.match((await cli('inspect', '--layer=1', '--language', 'ko')).stderr, /옵션/);
    assert.equal((await cli('run', config, '--json=-')).code, 0);
  });

  it('tells a name that no file can have in its own words', async () => {
    const { code, stderr } = await cli('run', await write('nul.rnn.json', { weights: 'w\0.json', sequences: [[0]] }));
    assert.equal(code, 2);
    assert.match(stderr, /weights: The file "w\\u0000\.json" does not exist\. .* holds the character U\+0000: remove/);
    assert.doesNotMatch(stderr, /argument 'path'/);
  });

  it('prints the schema that its JSON follows', async () => {
    const { code, stdout } = await cli('schema');
    assert.equal(code, 0);
    const validate = new Ajv({ strict: true }).compile(JSON.parse(stdout) as object);
    const config = await write('stack.rnn.json', {
      cell: 'lstm',
      weights: {
        weight_ih_l0: [[1], [1], [1], [1]],
        weight_hh_l0: [[1], [1], [1], [1]],
        weight_ih_l1: [[1], [1], [1], [1]],
        weight_hh_l1: [[1], [1], [1], [1]],
      },
      sequences: [[0], [1]],
    });
    const ran = await cli('run', config, '--json', '-');
    assert.equal(ran.code, 0, ran.stderr);
    assert.ok(validate(JSON.parse(ran.stdout)), JSON.stringify(validate.errors));
  });

  it('speaks Korean when it is asked to, with the same numbers and names', async () => {
    const config = await write('sprache.rnn.json', {
      weights: { Wx: [[0]], Wh: [[0.5]], b: [0] },
      sequences: Array.from({ length: 20 }, () => [0]),
      extra: 1,
    });
    const [english, korean] = [await cli('run', config), await cli('run', config, '--language', 'ko')];
    const numbers = (text: string): string[] => text.match(/[\d.e+-]*\d/g) ?? [];
    assert.equal(korean.code, english.code);
    assert.match(korean.stdout, /^VANISHING/);
    assert.match(korean.stdout, /한 스텝 되돌아갈 때마다 50%만 남습니다/);
    assert.match(korean.stderr, /경고: .*"extra"/);
    assert.deepEqual(
      numbers(korean.stdout.split('\n').slice(3, -3).join('\n')),
      numbers(english.stdout.split('\n').slice(3, -3).join('\n')),
    );
    const wrong = await cli('run', config, '--language', 'kr');
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /--language takes en or ko, not "kr"/);
  });
});
