import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeProblem, readExperiment } from '../../../src/config/index.js';
import type { ProblemCode } from '../../../src/config/index.js';
import { Lines } from '../../../src/config/json/lineIndex.js';
import { configName, readTexts, unmark, withoutAssumedCell } from './memory.js';

/** One mistake and the one problem that tells it; « » mark its range. A text instead of files is the config. */
type Case = {
  readonly title: string;
  readonly text: string | Readonly<Record<string, string>>;
  readonly code: ProblemCode;
  readonly path: string;
  readonly severity?: 'warning';
  readonly expected: RegExp;
  readonly found: RegExp;
  readonly advice: RegExp;
};

const W = '{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const X = '[[[1],[2],[3]]]';
const config = (rest: string): string => `{"weights":${W},"sequences":${X},${rest}}`;
const weights = (text: string): string => `{"weights":${text},"sequences":${X}}`;
const sequences = (text: string): string => `{"weights":${W},"sequences":${text}}`;
const files = (w: string, x = X, c = '{"weights":"w.json","sequences":"x.json"}'): Record<string, string> => ({
  [configName]: c,
  'w.json': w,
  'x.json': x,
});

const cases: readonly Case[] = [
  // Not JSON
  {
    title: 'missing comma',
    text: `{"weights":${W}\n «"sequences"»:${X}}`,
    code: 'not-json',
    path: 'sequences',
    expected: /comma/,
    found: /"sequences"/,
    advice: /comma/,
  },
  {
    title: 'missing colon',
    text: `{"weights" «{»"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]},"sequences":${X}}`,
    code: 'not-json',
    path: 'weights',
    expected: /colon/,
    found: /\{/,
    advice: /colon/,
  },
  {
    title: 'missing value',
    text: `{"weights":${W},"sequences":«,»"cell":"tanh"}`,
    code: 'not-json',
    path: '',
    expected: /value/,
    found: /,/,
    advice: /value/,
  },
  {
    title: 'two commas in numbers',
    text: `{"weights":${W},"sequences":[[[1],«,»[2]]]}`,
    code: 'not-json',
    path: 'sequences[0][1]',
    expected: /value/,
    found: /,/,
    advice: /[Rr]emove/,
  },
  {
    title: 'unclosed bracket',
    text: `{"weights":${W},\n"sequences":[[[1],[2]]«}»`,
    code: 'not-json',
    path: '',
    expected: /\]/,
    found: /\}/,
    advice: /\[/,
  },
  {
    title: 'cut off',
    text: `{"weights":${W},\n"sequences":[[[1],[2«]»`,
    code: 'not-json',
    path: 'sequences[0][1][0]',
    expected: /\]/,
    found: /end of the file/,
    advice: /cut off/,
  },
  {
    title: 'text after the end',
    text: `{"weights":${W},"sequences":${X}}\n«"x"»`,
    code: 'not-json',
    path: '',
    expected: /end/,
    found: /"x"/,
    advice: /Remove/,
  },
  {
    title: 'closing bracket alone',
    text: '«]»',
    code: 'not-json',
    path: '',
    expected: /value/,
    found: /\]/,
    advice: /Remove/,
  },
  {
    title: 'unquoted key',
    text: `{«weights»:${W},"sequences":${X}}`,
    code: 'not-json',
    path: 'weights',
    expected: /"weights"/,
    found: /weights/,
    advice: /double quotes/,
  },
  {
    title: 'single quotes',
    text: `{"weights":${W},"sequences":${X},"cell":«'tanh'»}`,
    code: 'not-json',
    path: 'cell',
    expected: /"tanh"/,
    found: /'tanh'/,
    advice: /double quotes/,
  },
  {
    title: 'quotes of a word processor',
    text: `{"weights":${W},"sequences":${X},«“cell”»:"tanh"}`,
    code: 'not-json',
    path: 'cell',
    expected: /^"cell"$/,
    found: /^“cell”$/,
    advice: /straight double quotes/,
  },
  {
    title: 'unquoted word',
    text: config('"cell":«tanh»'),
    code: 'not-json',
    path: 'cell',
    expected: /"text"/,
    found: /tanh/,
    advice: /"tanh"/,
  },
  {
    title: 'unclosed text',
    text: `{"weights":${W},"sequences":${X},"cell":«"tanh}»\n}`,
    code: 'not-json',
    path: 'cell',
    expected: /quote/,
    found: /tanh/,
    advice: /Close/,
  },
  ...['\n', '\r\n', '\r'].map((lineBreak): Case => ({
    title: `a text whose line ends in a backslash, before ${JSON.stringify(lineBreak)}`,
    text: `{"weights":${W},"sequences":${X},"cell":«"\\»${lineBreak}}`,
    code: 'not-json',
    path: 'cell',
    expected: /quote/,
    found: /^"\\$/,
    advice: /Close/,
  })),
  {
    title: 'Windows path',
    text: `{"weights":«"data\\w.json"»,"sequences":${X}}`,
    code: 'not-json',
    path: 'weights',
    expected: /\\\\/,
    found: /data/,
    advice: /path/,
  },
  {
    title: 'unclosed comment',
    text: `{"weights":${W},"sequences":${X}} «/*» the end`,
    code: 'not-json',
    path: '',
    expected: /\*\//,
    found: /end/,
    advice: /Close/,
  },
  {
    title: 'point without digit before it',
    text: sequences('[[[1],[«.5»]]]'),
    code: 'not-json',
    path: 'sequences[0][1][0]',
    expected: /0\.5/,
    found: /\.5/,
    advice: /Write 0\.5/,
  },
  {
    title: 'point without digit after it',
    text: sequences('[[[1],[«2.»]]]'),
    code: 'not-json',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /2\./,
    advice: /Write 2/,
  },
  {
    title: 'leading zero',
    text: sequences('[[[1],[«01»]]]'),
    code: 'not-json',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /01/,
    advice: /Write 1/,
  },
  {
    title: 'plus sign',
    text: sequences('[[[1],[«+1»]]]'),
    code: 'not-json',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /\+1/,
    advice: /Write 1/,
  },
  {
    title: 'invisible character',
    text: `{"weights":${W},«\u00a0»"sequences":${X}}`,
    code: 'not-json',
    path: '',
    expected: /./,
    found: /U\+00A0/,
    advice: /Remove/,
  },
  ...Array.from('\ufeff\u2028\u2029\u200b\u3000\u0085\ufff0').map((c): Case => ({
    title: `invisible U+${c.charCodeAt(0).toString(16)}`,
    text: `{"weights":${W},«${c}»"sequences":${X}}`,
    code: 'not-json',
    path: '',
    expected: /./,
    found: new RegExp(`^U\\+${c.charCodeAt(0).toString(16).padStart(4, '0')}$`, 'i'),
    advice: /Remove/,
  })),
  // Each of these letters is two code units, and none of them is cut in half.
  {
    title: 'a long word of wide letters',
    text: config(`"cell":«a${'𝒽'.repeat(40)}»`),
    code: 'not-json',
    path: 'cell',
    expected: /"text"/,
    found: /^a(?:𝒽)+…$/u,
    advice: /^Write "a(?:𝒽)+…"/u,
  },
  {
    title: 'Python None',
    text: config('"initialState":«None»'),
    code: 'not-json',
    path: 'initialState',
    expected: /null/,
    found: /None/,
    advice: /null/,
  },
  {
    title: 'Python True',
    text: config('"stateful":«True»'),
    code: 'not-json',
    path: 'stateful',
    expected: /true/,
    found: /True/,
    advice: /true/,
  },
  {
    title: 'empty file',
    text: '«»',
    code: 'not-json',
    path: '',
    expected: /JSON/,
    found: /nothing/,
    advice: /"weights" and "sequences"/,
  },
  {
    title: 'empty data file',
    text: files('«»'),
    code: 'not-json',
    path: '',
    expected: /JSON/,
    found: /nothing/,
    advice: /file/,
  },
  {
    title: 'only a comment',
    text: '«»// nothing here',
    code: 'not-json',
    path: '',
    expected: /JSON/,
    found: /nothing/,
    advice: /"weights" and "sequences"/,
  },
  {
    title: 'blanks alone, more than any config begins with',
    text: `«»${' '.repeat(10_001)}`,
    code: 'not-json',
    path: '',
    expected: /JSON/,
    found: /nothing/,
    advice: /"weights" and "sequences"/,
  },
  {
    title: 'a sequence that lacks brackets beside others that have them',
    text: sequences('[[[1],[2]],[[3],[4]],«[5,6]»]'),
    code: 'wrong-dimension',
    path: 'sequences[2]',
    expected: /a list of 2 lists/,
    found: /a list of 2 numbers/,
    advice: /each a list of timesteps/,
  },
  {
    title: 'nested without end',
    text: sequences(`${'['.repeat(63)}«[»${'['.repeat(9)}`),
    code: 'not-json',
    path: '',
    expected: /levels/,
    found: /65/,
    advice: /file/,
  },

  // Numbers
  ...['NaN', 'Infinity', '-Infinity', 'nan', '-inf'].map((word): Case => ({
    title: word,
    text: weights(`{"Wx":[[1,2]],"Wh":[[0.5,\n «${word}»],[0,0.5]],"b":[0,0]}`),
    code: 'not-a-number',
    path: 'weights.Wh[0][1]',
    expected: /finite/,
    found: new RegExp(word),
    advice: /diverged/,
  })),
  {
    title: 'NaN in a data file',
    text: files('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,«NaN»]],"b":[0,0]}'),
    code: 'not-a-number',
    path: 'Wh[1][1]',
    expected: /finite/,
    found: /NaN/,
    advice: /diverged/,
  },
  {
    title: 'NaN in sequences, which no training has made',
    text: sequences('[[[1,2],[«"NaN"»,2]]]'),
    code: 'wrong-type',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /"NaN"/,
    advice: /^In data this usually stands for a missing value: fill in/,
  },
  {
    title: 'NaN as Python writes it in sequences',
    text: sequences('[[[1,2],[«NaN»,2]]]'),
    code: 'not-a-number',
    path: 'sequences[0][1][0]',
    expected: /finite/,
    found: /NaN/,
    advice: /In sequences and targets fill in a finite number/,
  },
  {
    title: 'overflow of every type',
    text: sequences('[[[1],[«-1e400»]]]'),
    code: 'number-overflow',
    path: 'sequences[0][1][0]',
    expected: /e308/,
    found: /-1e400/,
    advice: /smaller/,
  },
  {
    title: 'overflow of float32',
    text: sequences('[[[1],[«1e39»]]]'),
    code: 'number-overflow',
    path: 'sequences[0][1][0]',
    expected: /e38/,
    found: /1e39/,
    advice: /float64/,
  },
  {
    title: 'overflow that rounding makes',
    text: sequences('[[[3.4028235e38],[«3.4028236e38»]]]'),
    code: 'number-overflow',
    path: 'sequences[0][1][0]',
    expected: /e38/,
    found: /3\.4028236e38/,
    advice: /float64/,
  },
  {
    title: 'overflow of a sum of biases',
    text: weights('{"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],"bias_ih_l0":[3e38],«"bias_hh_l0"»:[3e38]}'),
    code: 'number-overflow',
    path: 'weights.bias_hh_l0',
    expected: /finite/,
    found: /6e\+38/,
    advice: /biases/,
  },
  {
    title: 'overflow in a setting',
    text: config('"clip":{"norm":«1e400»}'),
    code: 'number-overflow',
    path: 'clip.norm',
    expected: /above 0/,
    found: /1e400/,
    advice: /smaller/,
  },
  {
    title: 'text in numbers',
    text: sequences('[[[1],[«"2"»]]]'),
    code: 'wrong-type',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /"2"/,
    advice: /write 2/,
  },
  {
    title: 'text that comes first',
    text: sequences('[[[«"one"»],[2]]]'),
    code: 'wrong-type',
    path: 'sequences[0][0][0]',
    expected: /number/,
    found: /"one"/,
    advice: /number/,
  },
  {
    title: 'text before a number',
    text: weights('{"Wx":[[«"a"»,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-type',
    path: 'weights.Wx[0][0]',
    expected: /number/,
    found: /"a"/,
    advice: /number/,
  },
  {
    title: 'null in numbers',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,«null»]}'),
    code: 'wrong-type',
    path: 'weights.b[1]',
    expected: /number/,
    found: /null/,
    advice: /NaN/,
  },
  {
    title: 'boolean in numbers',
    text: sequences('[[[1],[«true»]]]'),
    code: 'wrong-type',
    path: 'sequences[0][1][0]',
    expected: /number/,
    found: /true/,
    advice: /1/,
  },
  {
    title: 'object in numbers',
    text: sequences('[[[1],«{"x":2}»]]'),
    code: 'wrong-type',
    path: 'sequences[0][1]',
    expected: /list of 1 number/,
    found: /"x"/,
    advice: /./,
  },

  // Form of lists
  {
    title: 'ragged row',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],\n  «[0.5]»],"b":[0,0]}'),
    code: 'ragged-array',
    path: 'weights.Wh[1]',
    expected: /2 columns/,
    found: /1 column/,
    advice: /Add/,
  },
  {
    title: 'ragged first row',
    text: sequences('[[«[1,2]»,[2],[3]]]'),
    code: 'ragged-array',
    path: 'sequences[0][0]',
    expected: /1 number/,
    found: /2 numbers/,
    advice: /Remove/,
  },
  {
    title: 'upstream gradient of another length',
    text: sequences('[[[1],[2]],[[1],[2]],[[3],[4]]]').replace(
      /\}$/,
      ',"upstreamGradient":[[[1,1],[1,1]],«[[1,1]]»,[[1,1],[1,1]]]}',
    ),
    code: 'ragged-array',
    path: 'upstreamGradient[1]',
    expected: /2 timesteps/,
    found: /1 timestep/,
    advice: /cut all sequences/,
  },
  {
    title: 'sequence of other inputs',
    text: sequences('[[[1],[2]],[«[1,1]»,[2,2]],[[3],[4]]]'),
    code: 'ragged-array',
    path: 'sequences[1][0]',
    expected: /1 number/,
    found: /2 numbers/,
    advice: /Remove/,
  },
  {
    title: 'empty list before others',
    text: sequences('[«[]»,[[1]]]'),
    code: 'empty-sequence',
    path: 'sequences[0]',
    expected: /at least one timestep/,
    found: /empty list/,
    advice: /remove the sequence/,
  },
  {
    title: 'list nested too deeply',
    text: sequences('[[[1],[2]],[«[[]]»,[4]]]'),
    code: 'wrong-dimension',
    path: 'sequences[1][0]',
    expected: /list of 1 number/,
    found: /empty/,
    advice: /list of sequences/,
  },
  {
    title: 'one timestep of a plain sequence nested too deeply',
    text: sequences('[[1],«[[2]]»,[3]]'),
    code: 'wrong-dimension',
    path: 'sequences[1]',
    expected: /list of 1 number/,
    found: /\[1, 1\]/,
    advice: /list of sequences/,
  },
  {
    title: 'number among lists',
    text: sequences('[[[1],«2»]]'),
    code: 'wrong-dimension',
    path: 'sequences[0][1]',
    expected: /list of 1 number/,
    found: /2/,
    advice: /\[2\]/,
  },
  {
    title: 'list among numbers',
    text: weights('{"Wx":[[1,«[2]»]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wx[0][1]',
    expected: /number/,
    found: /list/,
    advice: /rows/,
  },
  {
    title: 'one list of numbers as sequences',
    text: files(W, '«[»1,2,3]'),
    code: 'wrong-dimension',
    path: '',
    expected: /\[B\]\[T\]\[I\]/,
    found: /\[3\]/,
    advice: /wrap each number/,
  },
  {
    title: 'four dimensions',
    text: `{"weights":${W},«"sequences"»:[[[[1]]]]}`,
    code: 'wrong-dimension',
    path: 'sequences',
    expected: /\[B\]\[T\]\[I\]/,
    found: /\[1, 1, 1, 1\]/,
    advice: /list of sequences/,
  },
  {
    title: 'vector as matrix',
    text: weights('{«"Wx"»:[1,2],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wx',
    expected: /\[I\]\[H\]/,
    found: /\[2\]/,
    advice: /rows/,
  },
  {
    title: 'number as matrix',
    text: weights('{"Wx":[[1,2]],"Wh":«0.5»,"b":[0,0]}'),
    code: 'wrong-type',
    path: 'weights.Wh',
    expected: /\[H\]\[H\]/,
    found: /0\.5/,
    advice: /rows/,
  },
  {
    title: 'no timestep',
    text: `{"weights":${W},«"sequences"»:[[]]}`,
    code: 'empty-sequence',
    path: 'sequences',
    expected: /one timestep/,
    found: /\[1, 0\]/,
    advice: /timestep/,
  },
  {
    title: 'no sequence',
    text: files(W, '«[»]'),
    code: 'empty-sequence',
    path: '',
    expected: /one sequence/,
    found: /\[0\]/,
    advice: /Fill/,
  },
  {
    title: 'no input',
    text: `{"weights":${W},«"sequences"»:[[[],[]]]}`,
    code: 'empty-sequence',
    path: 'sequences',
    expected: /one input/,
    found: /\[1, 2, 0\]/,
    advice: /Fill/,
  },
  {
    title: 'empty matrix',
    text: weights('{"Wx":[[1,2]],«"Wh"»:[],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wh',
    expected: /\[H\]\[H\]/,
    found: /\[0\]/,
    advice: /Fill/,
  },

  // Shapes across values
  {
    title: 'Wh not square',
    text: weights('{"Wx":[[1,2]],«"Wh"»:[[0.5,0]],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wh',
    expected: /\[H, H\]/,
    found: /\[1, 2\]/,
    advice: /1 more row /,
  },
  {
    title: 'Wx transposed',
    text: weights('{«"Wx"»:[[1],[2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wx',
    expected: /\[1, 2\]/,
    found: /\[2, 1\]/,
    advice: /Transpose Wx/,
  },
  {
    title: 'weight_ih_l0 transposed',
    text: weights('{«"weight_ih_l0"»:[[1,2]],"weight_hh_l0":[[0.5,0],[0,0.5]],"bias_ih_l0":[0,0],"bias_hh_l0":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.weight_ih_l0',
    expected: /\[2, 1\]/,
    found: /\[1, 2\]/,
    advice: /Transpose weight_ih_l0/,
  },
  {
    title: 'Wx of another network',
    text: weights('{«"Wx"»:[[1,2,3]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-dimension',
    path: 'weights.Wx',
    expected: /\[1, 2\]/,
    found: /\[1, 3\]/,
    advice: /2 numbers/,
  },
  {
    title: 'short bias',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],«"b"»:[0]}'),
    code: 'wrong-dimension',
    path: 'weights.b',
    expected: /2 numbers/,
    found: /1 number/,
    advice: /one number per hidden unit/,
  },
  {
    title: 'bias with two rows',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],«"b"»:[[0],[0]]}'),
    code: 'wrong-dimension',
    path: 'weights.b',
    expected: /\[1\]\[H\]/,
    found: /\[2, 1\]/,
    advice: /one list/,
  },
  {
    title: 'inputs that the weights do not take',
    text: files(W, '«[»[[1,2],[3,4]]]'),
    code: 'wrong-dimension',
    path: '',
    expected: /1 number per timestep.*Wx.*\[1, 2\]/,
    found: /2 numbers/,
    advice: /I = 2/,
  },
  {
    title: 'chunk with another batch',
    text: {
      [configName]: `{"weights":${W},"sequences":["x.json","y.json"]}`,
      'x.json': X,
      'y.json': '«[»[[1]],[[2]]]',
    },
    code: 'wrong-dimension',
    path: '',
    expected: /1 sequence/,
    found: /2 sequences/,
    advice: /consecutive/,
  },
  {
    title: 'initial state of another size',
    text: config('«"initialState"»:[[0,0,0]]'),
    code: 'wrong-dimension',
    path: 'initialState',
    expected: /\[1, 2\]/,
    found: /\[1, 3\]/,
    advice: /\[1, 2\]/,
  },
  {
    title: 'initial state of one sequence for two',
    text: `{"weights":${W},"sequences":[[[1],[3]],[[2],[4]]],«"initialState"»:[0,0]}`,
    code: 'wrong-dimension',
    path: 'initialState',
    expected: /\[B\]\[H\]/,
    found: /\[2\]/,
    advice: /per sequence/,
  },
  {
    title: 'upstream gradient of another length',
    text: config('«"upstreamGradient"»:[[[0,0],[0,0]]]'),
    code: 'wrong-dimension',
    path: 'upstreamGradient',
    expected: /\[1, 3, 2\]/,
    found: /\[1, 2, 2\]/,
    advice: /\[1, 3, 2\]/,
  },
  {
    title: 'targets of another size',
    text: config('"loss":{"kind":"mse","readout":{"Why":[[1],[1]],"by":[0]},«"targets"»:[[1,2]]}'),
    code: 'wrong-dimension',
    path: 'loss.targets',
    expected: /\[1, 1\]/,
    found: /\[1, 2\]/,
    advice: /\[1, 1\]/,
  },
  {
    title: 'class beyond the outputs',
    text: config(
      '"loss":{"kind":"crossEntropy","readout":{"Why":[[1,0],[1,0]],"by":[0,0]},"targets":[[0,1,«2»]],"at":"every"}',
    ),
    code: 'wrong-value',
    path: 'loss.targets[0][2]',
    expected: /0 to 1/,
    found: /2/,
    advice: /from 0/,
  },
  {
    title: 'readout transposed',
    text: config('"loss":{"kind":"mse","readout":{«"Why"»:[[1,1]],"by":[0]},"targets":[[1]]}'),
    code: 'wrong-dimension',
    path: 'loss.readout.Why',
    expected: /H = 2/,
    found: /\[1, 2\]/,
    advice: /Transpose Why/,
  },
  {
    title: 'readout bias of another size',
    text: config('"loss":{"kind":"mse","readout":{"Why":[[1],[1]],«"by"»:[0,0]},"targets":[[1]]}'),
    code: 'wrong-dimension',
    path: 'loss.readout.by',
    expected: /1 number/,
    found: /\[2\]/,
    advice: /per output/,
  },

  // Files
  {
    title: 'missing file',
    text: `{"weights":«"w.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /w\.json/,
    advice: /relative/,
  },
  {
    title: 'missing chunk',
    text: { [configName]: `{"weights":${W},"sequences":["x.json",\n«"y.json"»]}`, 'x.json': X },
    code: 'missing-file',
    path: 'sequences[1]',
    expected: /existing/,
    found: /y\.json/,
    advice: /name/,
  },
  {
    title: 'folder',
    text: { [configName]: `{"weights":«"data"»,"sequences":${X}}`, 'data/': '' },
    code: 'unreadable-file',
    path: 'weights',
    expected: /file/,
    found: /folder/,
    advice: /inside/,
  },
  {
    title: 'empty path',
    text: `{"weights":«""»,"sequences":${X}}`,
    code: 'wrong-value',
    path: 'weights',
    expected: /path/,
    found: /""/,
    advice: /relative/,
  },
  {
    title: 'mistyped keyword of upstreamGradient',
    text: config('"upstreamGradient":«"evry"»'),
    code: 'missing-file',
    path: 'upstreamGradient',
    expected: /file/,
    found: /evry/,
    advice: /"every"/,
  },

  {
    title: 'a path of the home folder',
    text: `{"weights":«"~/w.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /~/,
    advice: /whole path/,
  },
  {
    title: 'an address',
    text: `{"weights":«"https://example.com/w.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /example/,
    advice: /download/,
  },
  {
    title: 'a file address',
    text: `{"weights":«"file:///w.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /w\.json/,
    advice: /plain path/,
  },
  {
    title: 'a character that no name of a file holds',
    text: `{"weights":«"w\\u0000.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /w/,
    advice: /holds the character U\+0000: remove it/,
  },
  {
    title: 'backslashes',
    text: `{"weights":«"data\\\\w.json"»,"sequences":${X}}`,
    code: 'missing-file',
    path: 'weights',
    expected: /existing/,
    found: /data/,
    advice: /"\/"/,
  },
  {
    title: 'page instead of weights',
    text: files('«»<!DOCTYPE html><html></html>'),
    code: 'not-json',
    path: '',
    expected: /JSON/,
    found: /</,
    advice: /download/,
  },
  {
    title: 'one value a line',
    text: files(W, '[[1],[2]]\n«[»[3],[4]]\n'),
    code: 'not-json',
    path: '',
    expected: /end/,
    found: /\[/,
    advice: /one list/,
  },
  {
    title: 'chunks with numbers among the paths',
    text: { [configName]: `{"weights":${W},"sequences":["x.json",«[[[1]]]»]}`, 'x.json': X },
    code: 'wrong-type',
    path: 'sequences[1]',
    expected: /path/,
    found: /\[1, 1, 1\]/,
    advice: /file of their own/,
  },
  {
    title: 'sequences in an object',
    text: files(W, '«{»"xs":[[[1]]]}'),
    code: 'wrong-type',
    path: '',
    expected: /\[B\]\[T\]\[I\]/,
    found: /"xs"/,
    advice: /list of "xs"/,
  },
  {
    title: 'inline sequences in an object',
    text: `{"weights":${W},«"sequences"»:{"xs":[[[1]]]}}`,
    code: 'wrong-type',
    path: 'sequences',
    expected: /\[B\]\[T\]\[I\]/,
    found: /"xs"/,
    advice: /list of "xs"/,
  },
  {
    title: 'weights as sequences',
    text: files(W, '«{»"Wx":[[1]],"Wh":[[1]],"b":[0]}'),
    code: 'wrong-type',
    path: '',
    expected: /\[B\]\[T\]\[I\]/,
    found: /"Wx"/,
    advice: /under "weights"/,
  },
  {
    title: 'sequences as weights',
    text: files('«[»[[1],[2]]]'),
    code: 'wrong-type',
    path: '',
    expected: /object/,
    found: /\[1, 2, 1\]/,
    advice: /under "sequences"/,
  },
  {
    title: 'a config as weights',
    text: files('«{»"weights":1,"sequences":2}'),
    code: 'unknown-weights',
    path: '',
    expected: /Wx/,
    found: /"weights"/,
    advice: /This is a config/,
  },
  {
    title: 'a config as sequences',
    text: files(W, '«{»"weights":1,"sequences":2}'),
    code: 'wrong-type',
    path: '',
    expected: /\[B\]\[T\]\[I\]/,
    found: /"weights"/,
    advice: /This is a config/,
  },
  {
    title: 'Keras weights without names',
    text: files('«[»[[1,2]],[[0.5,0],[0,0.5]],[0,0]]'),
    code: 'wrong-type',
    path: '',
    expected: /object/,
    found: /list/,
    advice: /get_weights.*"recurrent_kernel"/,
  },
  {
    title: 'inline Keras weights without names',
    text: `{«"weights"»:[[[1,2]],[[0.5,0],[0,0.5]],[0,0]],"sequences":${X}}`,
    code: 'wrong-type',
    path: 'weights',
    expected: /object/,
    found: /list/,
    advice: /get_weights/,
  },
  {
    title: 'NaN as a text',
    text: weights('{"Wx":[[1,2]],"Wh":[[«"NaN"»,0],[0,0.5]],"b":[0,0]}'),
    code: 'wrong-type',
    path: 'weights.Wh[0][0]',
    expected: /number/,
    found: /"NaN"/,
    advice: /diverged/,
  },
  {
    title: 'a clip below 0',
    text: config('"clip":«-1»'),
    code: 'wrong-type',
    path: 'clip',
    expected: /norm/,
    found: /-1/,
    advice: /^Write an object with norm/,
  },

  // Keys and values
  {
    title: 'list as config',
    text: '«[»[[1]]]',
    code: 'wrong-type',
    path: '',
    expected: /object/,
    found: /\[1, 1\]|shape/,
    advice: /sequences/,
  },
  {
    title: 'unknown key',
    text: config('«"cel"»:"tanh"'),
    code: 'unknown-key',
    severity: 'warning',
    path: 'cel',
    expected: /"cell"/,
    found: /"cel"/,
    advice: /"cell"/,
  },
  {
    title: 'a mistyped key that may be left out',
    text: config('«"initalState"»:[[0,0]]'),
    code: 'unknown-key',
    severity: 'warning',
    path: 'initalState',
    expected: /"initialState"/,
    found: /"initalState"/,
    advice: /"initialState"/,
  },
  {
    title: 'unknown key like none',
    text: config('«"optimizer"»:"adam"'),
    code: 'unknown-key',
    severity: 'warning',
    path: 'optimizer',
    expected: /weights/,
    found: /optimizer/,
    advice: /Remove/,
  },
  {
    title: 'unknown key in clip, beside the one that it resembles',
    text: config('"clip":{"norm":1,«"nrom"»:1}'),
    code: 'unknown-key',
    severity: 'warning',
    path: 'clip.nrom',
    expected: /one of norm/,
    found: /nrom/,
    advice: /Remove/,
  },
  {
    title: 'duplicate key',
    text: config('"cell":"relu",«"cell"»:"tanh"'),
    code: 'duplicate-key',
    severity: 'warning',
    path: 'cell',
    expected: /once/,
    found: /"cell"/,
    advice: /Remove/,
  },
  {
    title: 'missing key',
    text: `«{»"weights":${W}}`,
    code: 'missing-key',
    path: '',
    expected: /"sequences"/,
    found: /"weights"/,
    advice: /sequences\.json/,
  },
  {
    title: 'missing key of a loss',
    text: config('«"loss"»:{"kind":"mse","readout":{"Why":[[1],[1]],"by":[0]}}'),
    code: 'missing-key',
    path: 'loss',
    expected: /"targets"/,
    found: /"kind"/,
    advice: /Add/,
  },
  {
    title: 'mistyped choice',
    text: config('"cell":«"tahn"»'),
    code: 'wrong-value',
    path: 'cell',
    expected: /"tanh"/,
    found: /"tahn"/,
    advice: /mean "tanh"/,
  },
  {
    title: 'unknown dtype',
    text: config('"dtype":«"bf16"»'),
    code: 'wrong-value',
    path: 'dtype',
    expected: /"float64"/,
    found: /bf16/,
    advice: /float32/,
  },
  {
    title: 'a cell in capitals',
    text: config('"cell":«"LSTM"»'),
    code: 'wrong-value',
    path: 'cell',
    expected: /"lstm", /,
    found: /LSTM/,
    advice: /mean "lstm"/,
  },
  {
    title: 'number as cell',
    text: config('"cell":«1»'),
    code: 'wrong-type',
    path: 'cell',
    expected: /"tanh"/,
    found: /number 1/,
    advice: /tanh/,
  },
  {
    title: 'text as boolean',
    text: config('"stateful":«"true"»'),
    code: 'wrong-type',
    path: 'stateful',
    expected: /true or false/,
    found: /"true"/,
    advice: /quotes/,
  },
  {
    title: 'number as clip',
    text: config('"clip":«5»'),
    code: 'wrong-type',
    path: 'clip',
    expected: /norm/,
    found: /5/,
    advice: /"norm": 5/,
  },
  {
    title: 'clip of zero',
    text: config('"clip":{"norm":«0»}'),
    code: 'wrong-value',
    path: 'clip.norm',
    expected: /above 0/,
    found: /0/,
    advice: /above 0/,
  },
  {
    title: 'truncate of a half',
    text: config('"truncate":«1.5»'),
    code: 'wrong-value',
    path: 'truncate',
    expected: /whole number/,
    found: /1\.5/,
    advice: /whole number/,
  },
  {
    title: 'truncate of zero',
    text: config('"truncate":«0»'),
    code: 'wrong-value',
    path: 'truncate',
    expected: /at least 1/,
    found: /0/,
    advice: /at least 1/,
  },
  {
    title: 'loss and upstream gradient',
    text: config(
      '"loss":{"kind":"mse","readout":{"Why":[[1],[1]],"by":[0]},"targets":[[1]]},«"upstreamGradient"»:"last"',
    ),
    code: 'key-conflict',
    path: 'upstreamGradient',
    expected: /one/,
    found: /both/,
    advice: /null/,
  },

  // Weights that cannot be used
  {
    title: 'unknown names',
    text: `{«"weights"»:{"A":[[1]]},"sequences":${X}}`,
    code: 'unknown-weights',
    path: 'weights',
    expected: /Wx.*weight_ih_l0.*kernel/,
    found: /"A"/,
    advice: /Rename/,
  },
  {
    title: 'names in another case',
    text: files('{«"wx"»:[[1]],"wh":[[1]],"b":[0]}'),
    code: 'unknown-weights',
    path: 'wx',
    expected: /Wx/,
    found: /"wx"/,
    advice: /"Wx" by "wx"/,
  },
  {
    title: 'list as weights',
    text: files('«[»[1]]'),
    code: 'wrong-type',
    path: '',
    expected: /object/,
    found: /shape/,
    advice: /names/,
  },
  {
    title: 'no recurrent matrix',
    text: `{«"weights"»:{"Wx":[[1]],"b":[0]},"sequences":${X}}`,
    code: 'missing-key',
    path: 'weights',
    expected: /"Wh"/,
    found: /"Wx"/,
    advice: /"Wh"/,
  },
  {
    title: 'a recurrent matrix that is misspelt',
    text: weights('{"Wx":[[1]],«"wh"»:[[1]],"b":[0]}'),
    code: 'missing-key',
    path: 'weights.wh',
    expected: /"Wh"/,
    found: /"wh"/,
    advice: /"Wh" by "wh"/,
  },
  {
    title: 'no bias',
    text: weights('{"Wx":[[1,2]],«"Wh"»:[[0.5,0],[0,0.5]]}'),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights.Wh',
    expected: /"b"/,
    found: /no bias/,
    advice: /"b"/,
  },
  {
    title: 'a bias in another case',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],«"B"»:[0,0]}'),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights.B',
    expected: /"b" \[H\]/,
    found: /"B"/,
    advice: /"b" by "B"/,
  },
  {
    title: 'a bias under its whole word',
    text: weights('{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],«"bias"»:[[0,0]],"by":[0,0]}'),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights.bias',
    expected: /"b" \[H\]/,
    found: /"bias"/,
    advice: /"b" by "bias"/,
  },
  {
    title: 'a Keras bias that is misspelt',
    text: weights('{"kernel":[[1,2]],"recurrent_kernel":[[0.5,0],[0,0.5]],«"biases"»:[0,0]}'),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights.biases',
    expected: /"bias" \[H\]/,
    found: /"biases"/,
    advice: /"bias" by "biases"/,
  },
  {
    title: 'one of two biases that is misspelt',
    text: weights(
      '{"rnn.weight_ih_l0":[[1],[2]],"rnn.weight_hh_l0":[[0.5,0],[0,0.5]],' +
        '"rnn.bias_ih_l0":[0,0],«"rnn.bias_hh_10"»:[0,0]}',
    ),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights["rnn.bias_hh_10"]',
    expected: /"bias_hh_l0" \[H\]/,
    found: /"rnn\.bias_hh_10"/,
    advice: /"bias_hh_l0" by "bias_hh_10"/,
  },
  {
    title: 'no bias, and names that are near to none',
    text: weights(
      '{"Wx":[[1,2]],«"Wh"»:[[0.5,0],[0,0.5]],"h":[0,0],"by":[0,0],"bx":[0],"bb":[[1,2],[3,4]],"fc":{"B":[0,0]}}',
    ),
    code: 'missing-key',
    severity: 'warning',
    path: 'weights.Wh',
    expected: /"b"/,
    found: /no bias/,
    advice: /Add "b"/,
  },
  {
    title: 'a readout whose bias is misspelt',
    text: config('"loss":{"kind":"mse","readout":{"Why":[[1],[1]],«"b"»:[0]},"targets":[[1]]}'),
    code: 'missing-key',
    severity: 'warning',
    path: 'loss.readout.b',
    expected: /"by" \[O\]/,
    found: /"b"/,
    advice: /"by" by "b"/,
  },
  {
    title: 'a readout without a bias, in the file of the weights',
    text: {
      [configName]: `{"weights":"w.json","sequences":${X},"loss":{"kind":"mse","readout":"w.json","targets":[[1]]}}`,
      'w.json': '{"Wx":[[1]],"Wh":[[0.5]],"b":[0],«"Why"»:[[1]]}',
    },
    code: 'missing-key',
    severity: 'warning',
    path: 'Why',
    expected: /"by" \[O\]/,
    found: /no bias/,
    advice: /Add "by"/,
  },
  {
    title: 'a readout whose matrix is misspelt',
    text: config('"loss":{"kind":"mse","readout":{«"Wyh"»:[[1],[1]],"by":[0]},"targets":[[1]]}'),
    code: 'missing-key',
    path: 'loss.readout.Wyh',
    expected: /"Why" \[H\]\[O\]/,
    found: /"Wyh"/,
    advice: /"Why" by "Wyh"/,
  },
  {
    title: 'a layer without its recurrent matrix',
    text: weights(
      '«{»"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],"bias_ih_l0":[0],"bias_hh_l0":[0],"weight_ih_l1":[[1]],' +
        '"bias_ih_l1":[0],"bias_hh_l1":[0]}',
    ).replace('"weights":«{»', '«"weights"»:{'),
    code: 'missing-key',
    path: 'weights',
    expected: /"weight_hh_l1" \[H\]\[H\]/,
    found: /an object/,
    advice: /Add "weight_hh_l1"/,
  },
  {
    title: 'a layer that is left out',
    text: weights('{"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],"weight_ih_l2":[[1]],«"weight_hh_l2"»:[[1]]}'),
    code: 'missing-key',
    path: 'weights.weight_hh_l2',
    expected: /"weight_hh_l1"/,
    found: /"weight_hh_l2"/,
    advice: /counted from 0/,
  },
  {
    title: 'one direction of two',
    text: weights(
      '{"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],"weight_ih_l0_reverse":[[1]],"weight_hh_l0_reverse":[[1]],' +
        '"weight_ih_l1":[[1,1]],«"weight_hh_l1"»:[[1]]}',
    ),
    code: 'missing-key',
    path: 'weights.weight_hh_l1',
    expected: /"weight_hh_l1_reverse"/,
    found: /"weight_hh_l1"/,
    advice: /all weights/,
  },
  {
    title: 'two networks',
    text: weights('{"encoder.weight_ih_l0":[[1]],"encoder.weight_hh_l0":[[1]],«"decoder.weight_hh_l0"»:[[1]]}'),
    code: 'unsupported-feature',
    path: 'weights["decoder.weight_hh_l0"]',
    expected: /one network/,
    found: /encoder.*decoder/,
    advice: /file of its own/,
  },
];

describe('a problem has its exact place, and says what is expected, what is found and how to mend it', () => {
  for (const { title, text, code, path, severity, expected, found, advice } of cases) {
    it(title, async () => {
      const { texts, file, range } = unmark(typeof text === 'string' ? { [configName]: text } : text);
      const { experiment, problems: all } = await readTexts(texts);
      const problems = withoutAssumedCell(all);
      const [problem] = problems;
      assert.equal(problems.length, 1, problems.map(describeProblem).join('\n'));
      assert.ok(problem !== undefined);
      assert.deepEqual(
        {
          file: problem.file,
          range: problem.range,
          path: problem.path,
          code: problem.code,
          severity: problem.severity,
        },
        { file, range, path, code, severity: severity ?? 'error' },
      );
      assert.match(problem.expected, expected);
      assert.match(problem.found, found);
      assert.match(problem.advice, advice);
      assert.match(problem.message, /^\S.*\.$/u);
      assert.match(problem.advice, /[.?]$/);
      assert.equal(experiment === null, severity !== 'warning');
    });
  }
});

describe('what is no JSON, but can be nothing else', () => {
  for (const [wrong, right, around] of [
    ['.5', '0.5', sequences('[[[1],[@]]]')],
    ['2.', '2', sequences('[[[1],[@]]]')],
    ['+1', '1', sequences('[[[1],[@]]]')],
    ['-.25e1', '-2.5', sequences('[[[1],[@]]]')],
    ['-.0', '-0', sequences('[[[1],[@]]]')],
    ['007', '7', sequences('[[[1],[@]]]')],
    ['0x10', '16', sequences('[[[1],[@]]]')],
    ['1_000', '1000', sequences('[[[1],[@]]]')],
    ['None', 'null', config('"initialState":@')],
    ['True', 'true', config('"stateful":@')],
    ["'tanh'", '"tanh"', config('"cell":@')],
    ['tanh', '"tanh"', config('"cell":@')],
    ["'cell'", '"cell"', config('@:"tanh"')],
    ['cell', '"cell"', config('@:"tanh"')],
    ['tanh', '"tanh"', config('"cell": /* c */ @ /* c */')],
    ['cell', '"cell"', config(' @ :"tanh"')],
    ['\'said "so"\'', '"said \\"so\\""', config('"name":@')],
    ['０.５', '0.5', sequences('[[[1],[@]]]')],
    ['－0.3', '-0.3', sequences('[[[1],[@]]]')],
    ['\u22120.3', '-0.3', sequences('[[[1],[@]]]')],
    ['，', ',', sequences('[[[1],[2]@[3]]]')],
    ['、', ',', sequences('[[[1],[2]@[3]]]')],
    ['“tanh”', '"tanh"', config('"cell":@')],
    ['＂tanh＂', '"tanh"', config('"cell":@')],
    ['‘tanh’', '"tanh"', config('"cell":@')],
    ['“내 첫 RNN”', '"내 첫 RNN"', config('"name":@')],
    ['“cell”', '"cell"', config('@:"tanh"')],
    ['，', ',', config('"name":"a"@"cell":"tanh"')],
    ['：', ':', config('"cell"@"tanh"')],
  ] as const)
    it(`is mended in its place: ${wrong}`, async () => {
      const { problems } = await readTexts({ [configName]: around.replace('@', wrong) });
      const [problem, ...others] = withoutAssumedCell(problems);
      assert.deepEqual(others, []);
      assert.deepEqual(problem?.fix, { kind: 'replace', text: right });
      assert.equal(problem.range.end.character - problem.range.start.character, wrong.length);
      assert.equal(problem.range.start.character, around.indexOf('@'));
      const mended = await readTexts({ [configName]: around.replace('@', right) });
      assert.ok(mended.problems.every(({ code }) => code !== 'not-json'));
    });

  for (const [title, wrong, right] of [
    ['Insert the comma', '"name":"a" "cell":"tanh"', '"name":"a", "cell":"tanh"'],
    ['Insert the comma', '"name":"a" // told\n "cell":"tanh"', '"name":"a", // told\n "cell":"tanh"'],
    ['Insert the comma', '"clip":{"norm":1}\n"cell":"tanh"', '"clip":{"norm":1},\n"cell":"tanh"'],
    ['Insert the comma', '"targets":[1 2]', '"targets":[1, 2]'],
    ['Insert the colon', '"name" "a"', '"name": "a"'],
    ['Insert the colon', '"clip"{"norm":1}', '"clip":{"norm":1}'],
    ['Remove the comma', '"name":"a",,"cell":"tanh"', '"name":"a","cell":"tanh"'],
    ['Remove the comma', '"clip":{,"norm":1}', '"clip":{"norm":1}'],
  ] as const)
    it(`is mended beside what it is told of: ${wrong.replaceAll('\n', ' ')}`, async () => {
      const text = config(wrong);
      const [problem] = (await readTexts({ [configName]: text })).problems.filter(({ code }) => code === 'not-json');
      assert.ok(problem?.fix?.kind === 'replace');
      assert.equal(problem.fix.title, title);
      const lines = new Lines(text, () => undefined);
      const { start, end } = problem.fix.at ?? problem.range;
      const mended = text.slice(0, lines.offset(start)) + problem.fix.text + text.slice(lines.offset(end));
      assert.equal(mended, config(right));
    });

  it('is told once where it stands for a comma or a colon, whatever follows', async () => {
    for (const [wrong, right] of [
      ['"name":"a"， // n\n"cell":"tanh"', ','],
      ['"name"： /* n */ "a"', ':'],
      ['"name":\'it’s fine\'', '"it’s fine"'],
    ] as const) {
      const { problems } = await readTexts({ [configName]: config(wrong) });
      assert.deepEqual(
        problems.filter(({ code }) => code === 'not-json').map(({ fix }) => fix),
        [{ kind: 'replace', text: right }],
        wrong,
      );
    }
  });

  it('is not mended by a comma where a list lacks its end', async () => {
    const { problems } = await readTexts({ [configName]: `{"weights":${W},"sequences":[[[1],[2]]\n"cell":"tanh"}` });
    assert.ok(problems.some(({ message }) => message.startsWith('A comma is missing.')));
    assert.ok(problems.every(({ fix }) => fix === undefined));
  });

  for (const [how, text] of [
    ['a backslash, whose meaning nobody knows', config('"name":\'a\\b\'')],
    ['a text that has no end', config('"name":\'a')],
    ['a text of a word processor that has no end', config('"name":“a')],
    ['a blank of full width', config('"name":　"a"')],
    ['a long one', config(`"name":'${'a'.repeat(101)}'`)],
    ['a number that is none', sequences('[[[1],[1.2.3]]]')],
    ['a key of a sign', config('§:"tanh"')],
    ['pieces of a path', config('"name":runs/a.npz')],
    ['pieces of a path of this folder', config('"name":./a.npz')],
    ['pieces of a path of a disk', config('"name":C:/a')],
    ['words of a text', config('"name":two words')],
    ['pieces of a text with an apostrophe', config("\"name\":'it's'")],
    ['what stands behind a quote too many', config('"name":"a"b')],
    ['a text in single quotes with a letter before it', config('"name":u\'a\'')],
    ['pieces of a key', config('two words:"tanh"')],
    ['pieces of a key with an apostrophe', config("'it's':\"tanh\"")],
    ['a value that JavaScript does not have', config('"name":undefined')],
    ['a truth value in capitals', config('"stateful":TRUE')],
    ['signs', sequences('[[[1],[-]]]')],
    ['a number of two signs', sequences('[[[1],[--5]]]')],
  ] as const)
    it(`is left to the user: ${how}`, async () => {
      const { problems } = await readTexts({ [configName]: text });
      assert.ok(problems.some(({ code }) => code === 'not-json'));
      assert.ok(
        problems.every(({ fix }) => fix === undefined),
        JSON.stringify(problems),
      );
    });
});

describe('two biases that are misspelt alike', () => {
  it('are each told as the one that they resemble most, whichever comes first', async () => {
    for (const names of [
      ['bias_ih_10', 'bias_hh_10'],
      ['bias_hh_10', 'bias_ih_10'],
    ]) {
      const { problems } = await readTexts({
        [configName]: weights(
          `{"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],${names.map((name) => `"${name}":[0]`).join(',')}}`,
        ),
      });
      assert.deepEqual(
        withoutAssumedCell(problems).map(({ path, fix, severity }) => [path, fix, severity]),
        names.map((name) => [
          `weights.${name}`,
          { kind: 'replace', text: JSON.stringify(name.replace('10', 'l0')) },
          'warning',
        ]),
      );
    }
  });
});

describe('a path in a config that is nowhere', () => {
  it('is told to be relative to nothing', async () => {
    const text = '{"weights":"w.json","sequences":[[[1]]]}';
    const { problems } = await readExperiment(
      { kind: 'config', config: 'untitled:a' },
      {
        read: (reference, from) =>
          Promise.resolve(
            from === null
              ? { ok: true, id: reference, bytes: new TextEncoder().encode(text) }
              : { ok: false, id: reference, reason: 'unplaced', detail: '' },
          ),
      },
    );
    assert.deepEqual(
      problems.map(({ code, path, range: { start } }) => [code, path, start.character]),
      [['missing-file', 'weights', 11]],
    );
    assert.match(problems[0]?.advice ?? '', /Save the config, open a folder, or write the whole path/);
  });
});

describe('an entry that is not there', () => {
  for (const [id, name] of [
    ['file:///a%20b/%ED%95%9C.rnn.json', '한.rnn.json'],
    ['untitled:Untitled-1', 'Untitled-1'],
    ['/a/b.rnn.json', 'b.rnn.json'],
    ['C:\\a\\b.rnn.json', 'b.rnn.json'],
    ['file:///a/100%.rnn.json', '100%.rnn.json'],
  ] as const) {
    it(`is called ${name}, and nothing is said of relative paths: ${id}`, async () => {
      const [problem] = (await readTexts({}, { kind: 'config', config: id })).problems;
      assert.equal(problem?.code, 'missing-file');
      assert.match(problem.message, new RegExp(`"${name.replaceAll('.', '\\.')}"`));
      assert.doesNotMatch(problem.advice, /relative/);
    });
  }
});
