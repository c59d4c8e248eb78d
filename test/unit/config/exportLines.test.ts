// The Python lines of a file that is refused, as Python runs them: torch and safetensors are replaced by what they ask
// of them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/config/formats/index.js';
import { exportAdvice, pickleAdvice, unknownGlobal } from '../../../src/config/formats/pickleGlobals.js';
import { longestSentence } from '../../../src/config/json/problem.js';
import type { Finding } from '../../../src/config/json/problem.js';

const hasPython = spawnSync('python3', ['--version']).status === 0;
const withPython = { skip: hasPython ? false : 'python3 is not here' };

/** `load` gives what the file of a case holds. */
const torch = `
class Tensor:
    def __array__(self): ...
    def contiguous(self): return self
    def clone(self): return self
class Module:
    def __init__(self, **tensors): self.tensors = tensors
    def state_dict(self): return dict(self.tensors)
class rnn: unpack_sequence = staticmethod(lambda packed: packed.batch_sizes)
class nn:
    Module = Module
    class utils: rnn = rnn
class Dataset: ...
class data: Dataset = Dataset
class utils: data = data
class Data(Dataset):
    def __init__(self, *items): self.items = items
    def __getitem__(self, i): return self.items[i]
class Packed:
    def __init__(self, *sizes): self.batch_sizes = list(sizes)
def stack(tensors): return list(tensors)
def save(value, file): print(file, value)
def is_tensor(x): return isinstance(x, Tensor)
def as_tensor(x): return x if is_tensor(x) else Tensor()
def load(file, map_location, weights_only):
    import case
    assert not case.is_plain
    return case.value
`;
const safetensors = `
import torch
def save_file(tensors, file):
    assert all(torch.is_tensor(x) for x in tensors.values()) and file == "model.safetensors"
    print("\\n".join(tensors))
`;

/** The names of what the lines write of `value`, an expression of Python. `isPlain`: torch cannot load it. */
function written(lines: string, value: string, isPlain = false): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-export-'));
  try {
    const put = (name: string, text: string): void => {
      writeFileSync(path.join(folder, name), text);
    };
    put('torch.py', torch);
    mkdirSync(path.join(folder, 'safetensors'));
    put('safetensors/torch.py', safetensors);
    put(
      'case.py',
      `from torch import Data, Module, Packed, Tensor\nvalue = ${value}\nis_plain = ${isPlain ? 'True' : 'False'}\n`,
    );
    put('export.py', lines);
    const made = spawnSync('python3', ['-c', 'import case, pickle; pickle.dump(case.value, open("model.pt", "wb"))'], {
      cwd: folder,
    });
    assert.equal(made.status, 0, String(made.stderr));
    const { status, stdout, stderr } = spawnSync('python3', ['export.py'], { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((name) => name !== '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const linesOf = ({ fix }: Pick<Finding, 'fix'>): string => {
  assert.ok(fix?.kind === 'copyPython');
  return fix.lines;
};

describe('the lines that export the weights of a refused file', withPython, () => {
  const checkpoint = linesOf(unknownGlobal('argparse', 'Namespace').finding);
  for (const [what, value, names] of [
    ['a state dict', '{"rnn.w": Tensor(), "epoch": 3}', ['rnn.w']],
    ['a module', 'Module(w=Tensor())', ['w']],
    ['the usual names', '{"state_dict": {"rnn.w": Tensor()}, "args": object}', ['state_dict.rnn.w']],
    [
      "a script's own names",
      '{"model": {"rnn.w": Tensor()}, "ema": {"rnn.w": Tensor()}, "rng": Tensor()}',
      ['model.rnn.w', 'ema.rnn.w', 'rng'],
    ],
    ['dicts in dicts', '{"state": {"model": {"rnn.w": Tensor()}, "step": 3}}', ['state.model.rnn.w']],
    ['a module in a dict of a dict', '{"a": {"net": Module(w=Tensor()), "made by": Module}}', ['a.net.w']],
    ['a module beside others', '{"epoch": 1, "net": Module(w=Tensor()), "loss": [1.0]}', ['net.w']],
  ] as const)
    it(`of ${what}`, () => {
      assert.deepEqual(written(checkpoint, value), names);
    });

  for (const [module, name, value, saved] of [
    ['torch.utils.data.dataset', 'TensorDataset', 'Data((1, 2), (3, 4))', ['sequences.pt [1, 3]', 'targets.pt [2, 4]']],
    ['torch.utils.data.dataset', 'Subset', 'Data((1,), (3,))', ['sequences.pt [1, 3]']],
    ['torch.utils.data.dataset', 'ConcatDataset', '{"n": 1, "train": Data((1,), (3,))}', ['sequences.pt [1, 3]']],
    ['torch.nn.utils.rnn', 'PackedSequence', 'Packed(3, 2)', ['sequences.pt [3, 2]']],
    ['torch.nn.utils.rnn', 'PackedSequence', '{"n": 1, "x": Packed(3, 2)}', ['sequences.pt [3, 2]']],
  ] as const)
    it(`of ${name} save sequences, unless weights stand beside it: ${value}`, () => {
      const { finding } = unknownGlobal(module, name);
      assert.deepEqual(written(linesOf(finding), value), saved);
      assert.match(finding.advice, /Save its tensors as sequences/);
      assert.ok(finding.advice.replace('model.pt', 'm'.repeat(80)).length <= longestSentence, finding.advice);
      assert.equal(linesOf(unknownGlobal(module, name, 'rnn.weight_hh_l0').finding), checkpoint);
    });

  it('say what Python needs to load the file', () => {
    for (const [module, name, lead] of [
      ['argparse', 'Namespace', 'Nothing of it is run. Export the weights alone where you trust the file:'],
      [
        'pytorch_lightning.utilities.parsing',
        'AttributeDict',
        'Export the weights alone where you trust the file and have pytorch_lightning:',
      ],
      ['omegaconf.dictconfig', 'DictConfig', 'Export the weights alone where you trust the file and have omegaconf:'],
      ['__main__', 'Net', 'Export the weights alone in the script that defines Net, where you trust it:'],
    ] as const) {
      const { fix } = unknownGlobal(module, name).finding;
      assert.deepEqual(fix, { kind: 'copyPython', lines: checkpoint, lead });
    }
    for (const module of ['__main__', 'p'.repeat(60)]) {
      const { advice } = unknownGlobal(module, 'N'.repeat(60)).finding;
      assert.ok(advice.replace('model.pt', 'm'.repeat(80)).length <= longestSentence, advice);
    }
  });

  it('are not given where there are no weights', () => {
    const { advice, fix } = unknownGlobal('transformers.training_args', 'TrainingArguments').finding;
    assert.equal(fix, undefined);
    assert.match(advice, /name the weights beside it/);
  });

  it('stand whole in what is told of the file, whose name may be long', () => {
    for (const { advice } of [exportAdvice(), exportAdvice('torch.jit.load("model.pt")'), pickleAdvice()])
      assert.ok(advice.replace('model.pt', 'm'.repeat(80)).length <= longestSentence, advice);
  });

  it('of a pickle that torch.save has not written', () => {
    const read = (bytes: string): string => {
      const { problems } = readDocument('model.pt', Buffer.from(bytes, 'latin1'), () => undefined);
      return linesOf(problems[0] ?? assert.fail('It was read.'));
    };
    for (const bytes of ['\x80\x02}.', '\x80\x02ctorch.storage\n_load_from_bytes\n.'])
      assert.deepEqual(written(read(bytes), '{"w": Tensor(), "epoch": 3}', true), ['w']);
  });
});
