// What is refused of targets, of the steps of a loss, and of gradients that enter from above.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Problem } from '../../../src/config/index.js';
import { configName, readTexts } from './memory.js';
import { itRefuses } from './refused.js';
import type { Refused } from './refused.js';

const weights = '{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const even = '[[[1],[2],[3]],[[4],[5],[6]]]';
const ragged = '[[[1],[2],[3]],[[4]]]';
const one = '[[[1],[2],[3]]]';
const config = (rest: string, sequences = even): string => `{"weights":${weights},"sequences":${sequences},${rest}}`;
const loss = (rest: string, sequences = even): string =>
  config(`"loss":{"readout":{"Why":[[1,0],[0,1]],"by":[0,0]},${rest}}`, sequences);
const classes = (rest: string, sequences = even): string => loss(`"kind":"crossEntropy",${rest}`, sequences);
const vectors = (rest: string, sequences = even): string => loss(`"kind":"mse",${rest}`, sequences);
const upstream = (text: string, sequences = even, rest = ''): string =>
  config(`«"upstreamGradient"»:${text}${rest}`, sequences);

const problemsOf = async (text: string): Promise<readonly Problem[]> =>
  (await readTexts({ [configName]: text })).problems;
const messages = async (text: string): Promise<string> =>
  (await problemsOf(text)).map(({ message }) => message).join('\n');

/** Three steps of two sequences. */
const steps = '[[[1],[1]],[[1],[1]],[[1],[1]]]';
const stepByStep = (text: string): string => text.replace(/\}$/, ',"sequenceOrder":"TBI"}');

const cases: readonly Refused[] = [
  {
    title: 'classes that are nested too deeply',
    text: classes('"at":"every",«"targets"»:[[[0,null,1]],[[0,0,0]]]'),
    code: 'wrong-dimension',
    path: 'loss.targets',
    message: /targets does not fit the experiment/,
    expected: /^\[B\]\[T\]$/,
    found: /shape \[2, 1, 3\]/,
    advice: /one class index per timestep/,
  },
  {
    title: 'an object in the place of a class',
    text: classes('"at":"every","targets":[[0,«{}»,null],[0,0,0]]'),
    code: 'wrong-type',
    path: 'loss.targets[0][1]',
    message: /A number belongs here in targets/,
    expected: /a number/,
    found: /object/,
    advice: /one class index, or null, for each place/,
  },
  {
    title: 'a text in the place of a class',
    text: classes('"at":"every","targets":[[0,«"1"»,null],[0,0,0]]'),
    code: 'wrong-type',
    path: 'loss.targets[0][1]',
    message: /text/,
    expected: /number/,
    found: /"1"/,
    advice: /quotes/,
  },
  {
    title: 'a text in the place of a vector',
    text: vectors('"at":"every","targets":[[[1,2],«"x"»,[1,2]],[[1,2],null,[1,2]]]'),
    code: 'wrong-type',
    path: 'loss.targets[0][1]',
    message: /text/,
    expected: /a number/,
    found: /"x"/,
    advice: /./,
  },
  {
    title: 'a vector of another length among targets some of which are missing',
    text: vectors('"at":"every","targets":[[[1,2],null,[1,2]],[[1,2],«[1,2,3]»,[1,2]]]'),
    code: 'wrong-dimension',
    path: 'loss.targets[1][1]',
    message: /has 3 outputs, and 2 are wanted/,
    expected: /a list of 2 outputs/,
    found: /3 outputs/,
    advice: /one list of O numbers, or null, for each place/,
  },
  {
    title: 'a number where a vector belongs, among targets some of which are missing',
    text: vectors('"at":"every","targets":[[[1,2],null,[1,2]],[[1,2],«7»,[1,2]]]'),
    code: 'wrong-dimension',
    path: 'loss.targets[1][1]',
    message: /A list belongs here in targets/,
    expected: /a list of 2 outputs/,
    found: /the number 7/,
    advice: /one list of O numbers/,
  },
  {
    title: 'a target too large for float32 among others',
    text: vectors('"at":"every","targets":[[[1,2],null,[1,2]],[[1,2],[«1e39»,{}],[1,2]]]').replace(',{}', ',null'),
    code: 'number-overflow',
    path: 'loss.targets[1][1][0]',
    message: /too large for float32/,
    expected: /e38/,
    found: /1e39/,
    advice: /float64/,
  },
  {
    title: 'a single sequence without any target, its brackets left out',
    text: vectors('«"targets"»:[null,1]', one),
    code: 'wrong-value',
    path: 'loss.targets',
    message: /No place has a target/,
    expected: /at least one target/,
    found: /list of 2/,
    advice: /or remove the loss/,
  },
  {
    title: 'a target at a step that a shorter sequence has not',
    text: classes('"at":[2],"targets":[1,«0»]', ragged),
    code: 'wrong-dimension',
    path: 'loss.targets[1]',
    message: /Sequence 1 has ended here/,
    expected: /null/,
    found: /the number 0/,
    advice: /Write null/,
  },
  {
    title: 'a gradient at a step behind the last one',
    text: config('"upstreamGradient":«3»'),
    code: 'wrong-value',
    path: 'upstreamGradient',
    message: /no step 3/,
    expected: /from 0 to 2/,
    found: /3/,
    advice: /"last"/,
  },
  {
    title: 'gradients step by step that are as many as the steps and sequences, of another width',
    text: upstream('[[[1],[1]],[[1],[1]],[[1],[1]]]', '[[[1],[2]],[[3],[4]],[[5],[6]]]', ',"sequenceOrder":"TBI"'),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    message: /does not fit/,
    expected: /\[T\]\[B\]\[H\].*3, 2, 2/,
    found: /3, 2, 1/,
    advice: /./,
  },
  {
    title: 'gradients step by step of another number of steps',
    text: upstream(
      '[[[1,1],[2,2]],[[3,3],[4,4]],[[5,5],[6,6]],[[7,7],[8,8]]]',
      '[[[1],[1]],[[1],[1]],[[1],[1]]]',
      ',"sequenceOrder":"TBI"',
    ),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    message: /does not fit/,
    expected: /\[T\]\[B\]\[H\].*3, 2, 2/,
    found: /4, 2, 2/,
    advice: /./,
  },
  {
    title: 'targets step by step of another number of steps',
    text: stepByStep(
      vectors('"at":"every",«"targets"»:[[[1,1],[2,2]],[[3,3],[4,4]],[[5,5],[6,6]],[[7,7],[8,8]]]', steps),
    ),
    code: 'wrong-dimension',
    path: 'loss.targets',
    message: /does not fit/,
    expected: /\[T\]\[B\]\[O\].*3, 2, 2/,
    found: /4, 2, 2/,
    advice: /./,
  },
  {
    title: 'targets step by step that are as many as the steps and sequences, of another width',
    text: stepByStep(vectors('"at":"every",«"targets"»:[[[1],[2]],[[3],[4]],[[5],[6]]]', steps)),
    code: 'wrong-dimension',
    path: 'loss.targets',
    message: /does not fit/,
    expected: /\[T\]\[B\]\[O\].*3, 2, 2/,
    found: /3, 2, 1/,
    advice: /./,
  },
  {
    title: 'targets step by step, one of which is of more sequences than there are',
    text: stepByStep(classes('"at":"every","targets":[[0,null],[0,1],«[1,1,1]»]', steps)),
    code: 'wrong-dimension',
    path: 'loss.targets[2]',
    message: /has 3 sequences, and 2 are wanted/,
    expected: /a list of 2 sequences/,
    found: /3 sequences/,
    advice: /one class index, or null, for each place/,
  },
  {
    title: 'gradients of another number of sequences of different lengths',
    text: upstream('[[[1,1]],[[1,1]],[[1,1],[1,1]]]', ragged),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    message: /does not fit/,
    expected: /2 sequences/,
    found: /3 sequences/,
    advice: /one list for each sequence/,
  },
  {
    title: 'a block of gradients of another number of sequences of different lengths',
    text: upstream('[[[1,1]],[[1,1]],[[1,1]]]', ragged),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    message: /does not fit/,
    expected: /2, \?, \?/,
    found: /3, 1, 2/,
    advice: /./,
  },
  {
    title: 'a gradient that is no number, beside sequences of different lengths',
    text: config('"upstreamGradient":[[[1,1],[1,1],[1,«NaN»]],[[1,1]]]', ragged),
    code: 'not-a-number',
    path: 'upstreamGradient[0][2][1]',
    message: /NaN/,
    expected: /finite/,
    found: /NaN/,
    advice: /./,
  },
  {
    title: 'an object in the place of gradients of sequences of different lengths',
    text: config('"upstreamGradient":[[[1,1],[1,1],«{}»],[[1,1]]]', ragged),
    code: 'wrong-type',
    path: 'upstreamGradient[0][2]',
    message: /object/,
    expected: /./,
    found: /object/,
    advice: /./,
  },
  {
    title: 'gradients of one sequence of another width than the units',
    text: config('"upstreamGradient":[[[1,1],[1,1],[1,1]],«[[1]]»]', ragged),
    code: 'wrong-dimension',
    path: 'upstreamGradient[1]',
    message: /sequence 1 does not fit/,
    expected: /\[1, 2\]/,
    found: /\[1, 1\]/,
    advice: /H numbers for each timestep/,
  },
];

describe('targets and gradients that do not fit', () => {
  itRefuses(cases);

  it('are counted where they are no classes, or no probabilities', async () => {
    const many = (rest: string, value: string): string =>
      loss(`${rest},"targets":[${new Array<string>(30).fill(value).join(',')}]`, `[${'[[1]],'.repeat(29)}[[1]]]`);
    assert.match(await messages(many('"kind":"crossEntropy"', '7')), /10 more targets are no classes of this readout/);
    assert.match(await messages(many('"kind":"binaryCrossEntropy"', '[0,7]')), /10 more targets are no probabilities/);
  });

  it('are told even where the readout does not say how many classes there are', async () => {
    const told = await problemsOf(classes('"targets":[0,-1]').replace('"Why":[[1,0],[0,1]]', '"Why":[[1,0]]'));
    const [target] = told.filter(({ path }) => path === 'loss.targets[1]');
    assert.equal(target?.expected, 'a whole number from 0');
  });

  it('tells a separator that no eye sees by its code', async () => {
    assert.match(await messages(classes('"targets":[0,\u2028]')), /U\+2028/);
  });

  it('of one sequence need no list around them, also where some are missing', async () => {
    const { experiment, problems } = await readTexts({
      [configName]: classes('"at":"every","targets":[0,null,1]', one),
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(experiment?.loss?.targets, Float64Array.of(0, 0, 1));
    assert.deepEqual(experiment.loss.present, Uint8Array.of(1, 0, 1));
  });

  it('of a readout of one output need no list around each number', async () => {
    const single = (kind: string, rest: string, sequences = even): string =>
      config(`"loss":{"readout":{"Why":[[1],[0]],"by":[0]},"kind":"${kind}",${rest}}`, sequences);
    const long = '[[[1],[2],[3]]]';
    for (const [text, targets, present] of [
      [single('mse', '"targets":[5,6]'), [5, 6], null],
      [single('binaryCrossEntropy', '"targets":[0,1]'), [0, 1], null],
      [single('mse', '"targets":[null,6]'), [0, 6], [0, 1]],
      [single('mse', '"at":"every","targets":[[1,2,3],[4,5,6]]'), [1, 2, 3, 4, 5, 6], null],
      [single('mse', '"at":"every","targets":[[1,null,3],[4,5,6]]'), [1, 0, 3, 4, 5, 6], [1, 0, 1, 1, 1, 1]],
      [single('mse', '"at":[0,2],"targets":[[1,2],[3,4]]'), [1, 2, 3, 4], null],
      [single('mse', '"at":"every","targets":[[1,2,3],[4]]', ragged), [1, 2, 3, 4, 0, 0], null],
      [single('mse', '"at":"every","targets":[[1,2,3]]', long), [1, 2, 3], null],
      [single('mse', '"at":"every","targets":[[1,null,3]]', long), [1, 0, 3], [1, 0, 1]],
      [single('mse', '"at":"every","targets":[1,2,3]', long), [1, 2, 3], null],
      [single('mse', '"at":"every","targets":[[1],[2],[3]]', long), [1, 2, 3], null],
      [stepByStep(single('mse', '"at":"every","targets":[[1,4],[2,5],[3,6]]', steps)), [1, 2, 3, 4, 5, 6], null],
    ] as const) {
      const { experiment, problems } = await readTexts({ [configName]: text });
      assert.deepEqual(problems, [], text);
      assert.deepEqual([...(experiment?.loss?.targets ?? [])], targets, text);
      assert.deepEqual(experiment?.loss?.present === undefined ? null : [...experiment.loss.present], present, text);
    }
    // A text among them is told as such, not as a wrong depth.
    const text = await readTexts({ [configName]: single('mse', '"at":"every","targets":[["a",2,3]]', long) });
    assert.deepEqual(
      text.problems.map(({ path, found }) => [path, found]),
      [['loss.targets[0][0]', 'the text "a"']],
    );
    const { problems } = await readTexts({ [configName]: single('mse', '"targets":[5,6,7]') });
    assert.deepEqual(
      problems.map(({ code, expected, found }) => [code, expected, found]),
      [['wrong-dimension', '[B] = [2]', '[3]']],
    );
  });

  it('of a whole sequence may be null', async () => {
    const text = classes('"at":"every","targets":[[0,1,0],null]');
    const { experiment } = await readTexts({ [configName]: text });
    assert.deepEqual(experiment?.loss?.present, Uint8Array.of(1, 1, 1, 0, 0, 0));
  });

  it('of thousands of sequences of different lengths stand at their places', async () => {
    const B = 2_000;
    const sequences = `[${Array.from({ length: B }, (_, b) => (b === 0 ? '[[1],[2]]' : '[[1]]')).join(',')}]`;
    const ofSequence = (b: number): string => (b === 0 ? '[1,0]' : b % 2 === 0 ? '[1]' : '[null]');
    const targets = `[${Array.from({ length: B }, (_, b) => ofSequence(b)).join(',')}]`;
    const { experiment } = await readTexts({ [configName]: classes(`"at":"every","targets":${targets}`, sequences) });
    const present = experiment?.loss?.present ?? new Uint8Array();
    assert.equal(present.length, 2 * B);
    assert.deepEqual([...present.subarray(0, 6)], [1, 1, 0, 0, 1, 0]);
    assert.equal(
      present.reduce((sum, x) => sum + x, 0),
      2 + (B - 2) / 2,
    );
  });

  it('are refused where a small file would fill a large block with them', async () => {
    const lengths = [1_000, ...new Array<number>(200).fill(1)];
    const sequences = `[${lengths.map((length) => `[${'[1],'.repeat(length - 1)}[1]]`).join(',')}]`;
    const row = (length: number): string => `[${'0,'.repeat(length - 1)}0]`;
    const readout = `{"Why":[${row(200)},${row(200)}],"by":${row(200)}}`;
    const targets = config(`"loss":{"kind":"mse","at":"every","readout":${readout},"targets":[[[1]]]}`, sequences);
    assert.match(await messages(targets), /they hold 40200000 numbers/);
    const square = `[${`${row(200)},`.repeat(199)}${row(200)}]`;
    const wide = `{"Wx":[${row(200)}],"Wh":${square},"b":${row(200)}}`;
    const gradients = `{"weights":${wide},"sequences":${sequences},"upstreamGradient":[${'[[1]],'.repeat(200)}[[1]]]}`;
    assert.match(await messages(gradients), /they hold 40200000 numbers/);
  });

  it('are told up to a bound where each sequence of very many has too many gradients', async () => {
    const sequences = `[[[1],[1]],${'[[1]],'.repeat(299)}[[1]]]`;
    const gradients = `[[[1,1],[1,1]],${'[[1,1],[1,1]],'.repeat(299)}[[1,1],[1,1]]]`;
    const problems = await problemsOf(config(`"upstreamGradient":${gradients}`, sequences));
    assert.match(problems[0]?.message ?? '', /Sequence 1 ends before step 1/);
    assert.equal(problems.filter(({ code }) => code === 'wrong-dimension').length, 200);
  });

  it('at a step of sequences of which some end before it enter where there is such a step', async () => {
    const { experiment } = await readTexts({ [configName]: config('"upstreamGradient":1', ragged) });
    assert.deepEqual(experiment?.upstream, { kind: 'step', t: 1 });
  });

  it('of sequences of different lengths are told at the step behind the end of one, or at all of it', async () => {
    const [behind] = await problemsOf(config('"upstreamGradient":[[[1,1],[1,1],[1,1]],[[1,1],[2,2]]]', ragged));
    assert.deepEqual([behind?.path, behind?.found], ['upstreamGradient[1][1]', '2 timesteps']);
    const [narrow] = await problemsOf(config('"upstreamGradient":[[[1],[1],[1]],[[1],[1],[1]]]', ragged));
    assert.deepEqual([narrow?.path, narrow?.expected], ['upstreamGradient[0]', '[3, 2]']);
    const [none] = await problemsOf(config('"upstreamGradient":[[[1,NaN],[1,1]],[[1,1],[1,1]]]', ragged));
    assert.equal(none?.code, 'not-a-number');
  });

  it('of very many sequences may be missing in the last one alone', async () => {
    const B = 1_500;
    const sequences = `[${'[[1]],'.repeat(B - 1)}[[1]]]`;
    const targets = `[${'[[1,2]],'.repeat(B - 1)}null]`;
    const { experiment } = await readTexts({ [configName]: vectors(`"at":"every","targets":${targets}`, sequences) });
    const present = experiment?.loss?.present ?? new Uint8Array();
    assert.deepEqual([present.length, present[0], present[B - 1]], [B, 1, 0]);
  });

  it('of other steps than there are are told also where nobody knows how many those are', async () => {
    const told = await problemsOf(classes('"at":[2,1],"targets":[[0,0]]', '"none.json"'));
    const [step] = told.filter(({ path }) => path === 'loss.at[1]');
    assert.equal(step?.expected, 'steps from 0, in order');
  });

  it('are not looked at where there is no such loss, and have no columns where they are lists', async () => {
    const [kind, ...others] = await problemsOf(loss('"kind":"mae","targets":[0,1]'));
    assert.deepEqual([kind?.path, others.length], ['loss.kind', 0]);
    const texts = { [configName]: classes('"targets":{"file":"y.json","columns":["a"]}'), 'y.json': '[0,1]' };
    const { problems } = await readTexts(texts);
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['loss.targets.columns'],
    );
  });

  it('need a readout whose size is told by the hidden units, where those are known', async () => {
    const text = classes('"targets":[0,1]')
      .replace('"Wh":[[0.5,0],[0,0.5]]', '"Wh":{}')
      .replace('[[1,0],[0,1]]', '[[],[]]');
    const [readout] = (await problemsOf(text)).filter(({ path }) => path === 'loss.readout.Why');
    assert.match(readout?.expected ?? '', /H = the number of hidden units/);
  });

  it('stand beside sequences and states whose numbers are wrong in one place', async () => {
    const [number] = await problemsOf(config('"name":"x"', '[[[1],[NaN]],[[2]]]'));
    assert.deepEqual([number?.code, number?.path], ['not-a-number', 'sequences[0][1][0]']);
    const [file] = await problemsOf(config('"initialState":{"h":"none.json"}'));
    assert.deepEqual([file?.code, file?.path], ['missing-file', 'initialState.h']);
    // Of layers of different widths each has a list of its own.
    const layers =
      '"weight_ih_l0":[[1],[1]],"weight_hh_l0":[[1,0],[0,1]],"bias_ih_l0":[0,0],"bias_hh_l0":[0,0],' +
      '"weight_ih_l1":[[1,1]],"weight_hh_l1":[[1]],"bias_ih_l1":[0],"bias_hh_l1":[0]';
    const state = '"initialState":[[[1,2],[3,4]],[[1],[2],[3]]]';
    const [wrong] = await problemsOf(`{"weights":{${layers}},"sequences":${even},${state}}`);
    assert.deepEqual([wrong?.code, wrong?.path], ['wrong-dimension', 'initialState[1]']);
  });

  it('of a text are told by the place of a token for which the readout has no output', async () => {
    const text = classes('"at":"every","targets":{"file":"notes.txt","tokens":"words"}', one);
    const { problems } = await readTexts({ [configName]: text, 'notes.txt': 'a b c a' });
    // Tokens are numbered from 0, and a target is the next one: 1, 2 and 0.
    assert.deepEqual(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ file, path, message, expected }) => [file, path, message, expected]),
      [['notes.txt', 'token[2]', '2 is no class of this readout.', 'a whole number from 0 to 1']],
    );
  });

  it('say nothing more where the sequences cannot be read', async () => {
    const problems = await problemsOf(config('"upstreamGradient":1', '"none.json"'));
    assert.deepEqual(
      problems.map(({ path }) => path),
      ['sequences'],
    );
  });
});
