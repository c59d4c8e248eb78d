// Tensors of PyTorch and arrays of NumPy whose numbers are not read, in a checkpoint whose other tensors are.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { damaged } from '../../../src/config/formats/formatError.js';
import { readDocument } from '../../../src/config/formats/index.js';
import { PickleCalls } from '../../../src/config/formats/pickleCalls.js';
import type { PickleValue } from '../../../src/config/formats/pickleValues.js';
import { torchTensors } from '../../../src/config/formats/torchTensors.js';
import { zipOf } from '../../support/zipWriter.js';
import { told } from './formatSupport.js';

/*
 * By torch 2.6 and NumPy 2.2:
 * parameter = nn.Parameter(torch.tensor([1., 2.])); parameter.tag = 'x'
 * torch.save({'w': torch.tensor([.5, 1.5]), 'u16': torch.tensor([1, 65000]).to(torch.uint16),
 *   'u32': torch.tensor([[1, 2], [3, 2**31]]).to(torch.uint32).T, 'f8': torch.ones(2).to(torch.float8_e5m2),
 *   'sparse': torch.eye(2).to_sparse(), 'nested': torch.nested.nested_tensor([torch.ones(1), torch.ones(2)]),
 *   'meta': nn.Parameter(torch.ones(2, device='meta')), 'parameter': parameter,
 *   'buffer': nn.Buffer(torch.tensor([3., 4.])), 'version': torch.__version__, 'texts': np.array(['a', 'b']),
 *   'objects': np.array([{}, 1], dtype=object), 'last': torch.tensor([2.5])}, file)
 */
const pickle = [
  'gAJ9cQAoWAEAAAB3cQFjdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3RlbnNvcl92MgpxAigoWAcAAABzdG9yYWdlcQNjdG9yY2gKRmxvYXRTdG9y',
  'YWdlCnEEWAEAAAAwcQVYAwAAAGNwdXEGSwJ0cQdRSwBLAoVxCEsBhXEJiWNjb2xsZWN0aW9ucwpPcmRlcmVkRGljdApxCilScQt0cQxScQ1Y',
  'AwAAAHUxNnEOY3RvcmNoLl91dGlscwpfcmVidWlsZF90ZW5zb3JfdjMKcQ8oKGgDY3RvcmNoLnN0b3JhZ2UKVW50eXBlZFN0b3JhZ2UKcRBY',
  'AQAAADFxEWgGSwR0cRJRSwBLAoVxE0sBhXEUiWgKKVJxFWN0b3JjaAp1aW50MTYKcRZ0cRdScRhYAwAAAHUzMnEZaA8oKGgDaBBYAQAAADJx',
  'GmgGSxB0cRtRSwBLAksChnEcSwFLAoZxHYloCilScR5jdG9yY2gKdWludDMyCnEfdHEgUnEhWAIAAABmOHEiaA8oKGgDaBBYAQAAADNxI2gG',
  'SwJ0cSRRSwBLAoVxJUsBhXEmiWgKKVJxJ2N0b3JjaApmbG9hdDhfZTVtMgpxKHRxKVJxKlgGAAAAc3BhcnNlcStjdG9yY2guX3V0aWxzCl9y',
  'ZWJ1aWxkX3NwYXJzZV90ZW5zb3IKcSxjdG9yY2guc2VyaWFsaXphdGlvbgpfZ2V0X2xheW91dApxLVgQAAAAdG9yY2guc3BhcnNlX2Nvb3Eu',
  'hXEvUnEwKGgCKChoA2N0b3JjaApMb25nU3RvcmFnZQpxMVgBAAAANHEyaAZLBHRxM1FLAEsCSwKGcTRLAksBhnE1iWgKKVJxNnRxN1JxOGgC',
  'KChoA2gEWAEAAAA1cTloBksCdHE6UUsASwKFcTtLAYVxPIloCilScT10cT5ScT9jdG9yY2gKU2l6ZQpxQEsCSwKGcUGFcUJScUOIdHFEhnFF',
  'UnFGWAYAAABuZXN0ZWRxR2N0b3JjaC5fdXRpbHMKX3JlYnVpbGRfbmVzdGVkX3RlbnNvcgpxSChoAigoaANoBFgBAAAANnFJaAZLA3RxSlFL',
  'AEsDhXFLSwGFcUyJaAopUnFNdHFOUnFPaAIoKGgDaDFYAQAAADdxUGgGSwJ0cVFRSwBLAksBhnFSSwFLAYZxU4loCilScVR0cVVScVZoAigo',
  'aANoMVgBAAAAOHFXaAZLAnRxWFFLAEsCSwGGcVlLAUsBhnFaiWgKKVJxW3RxXFJxXWgCKChoA2gxWAEAAAA5cV5oBksCdHFfUUsASwKFcWBL',
  'AYVxYYloCilScWJ0cWNScWR0cWVScWZYBAAAAG1ldGFxZ2N0b3JjaC5fdXRpbHMKX3JlYnVpbGRfcGFyYW1ldGVyCnFoY3RvcmNoLl91dGls',
  'cwpfcmVidWlsZF9tZXRhX3RlbnNvcl9ub19zdG9yYWdlCnFpKGN0b3JjaApmbG9hdDMyCnFqSwKFcWtLAYVxbIl0cW1ScW6IaAopUnFvh3Fw',
  'UnFxWAkAAABwYXJhbWV0ZXJxcmN0b3JjaC5fdXRpbHMKX3JlYnVpbGRfcGFyYW1ldGVyX3dpdGhfc3RhdGUKcXMoaAIoKGgDaARYAgAAADEw',
  'cXRoBksCdHF1UUsASwKFcXZLAYVxd4loCilScXh0cXlScXqIaAopUnF7fXF8WAMAAAB0YWdxfVgBAAAAeHF+c3Rxf1JxgFgGAAAAYnVmZmVy',
  'cYFjdG9yY2guX3RlbnNvcgpfcmVidWlsZF9mcm9tX3R5cGVfdjIKcYIoaAJjdG9yY2gKVGVuc29yCnGDKChoA2gEWAIAAAAxMXGEaAZLAnRx',
  'hVFLAEsChXGGSwGFcYeJaAopUnGIdHGJfXGKKFgKAAAAcGVyc2lzdGVudHGLiFgKAAAAX2lzX2J1ZmZlcnGMiHV0cY1ScY5YBwAAAHZlcnNp',
  'b25xj2N0b3JjaC50b3JjaF92ZXJzaW9uClRvcmNoVmVyc2lvbgpxkFgMAAAAMi42LjArZGViaWFucZGFcZKBcZNYBQAAAHRleHRzcZRjbnVt',
  'cHkuX2NvcmUubXVsdGlhcnJheQpfcmVjb25zdHJ1Y3QKcZVjbnVtcHkKbmRhcnJheQpxlksAhXGXY19jb2RlY3MKZW5jb2RlCnGYWAEAAABi',
  'cZlYBgAAAGxhdGluMXGahnGbUnGch3GdUnGeKEsBSwKFcZ9jbnVtcHkKZHR5cGUKcaBYAgAAAFUxcaGJiIdxolJxoyhLA1gBAAAAPHGkTk5O',
  'SwRLBEsIdHGlYolomFgIAAAAYQAAAGIAAABxpmiahnGnUnGodHGpYlgHAAAAb2JqZWN0c3GqaJVolksAhXGraJyHcaxSca0oSwFLAoVxrmig',
  'WAIAAABPOHGviYiHcbBScbEoSwNYAQAAAHxxsk5OTkr/////Sv////9LP3Rxs2KJXXG0KH1xtUsBZXRxtmJYBAAAAGxhc3Rxt2gCKChoA2gE',
  'WAIAAAAxMnG4aAZLAXRxuVFLAEsBhXG6SwGFcbuJaAopUnG8dHG9UnG+dS4=',
].join('');
const storages = {
  0: 'AAAAPwAAwD8=',
  1: 'AQDo/Q==',
  2: 'AQAAAAIAAAADAAAAAAAAgA==',
  3: 'PDw=',
  4: 'AAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAA=',
  5: 'AACAPwAAgD8=',
  6: 'AACAPwAAgD8AAIA/',
  7: 'AQAAAAAAAAACAAAAAAAAAA==',
  8: 'AQAAAAAAAAABAAAAAAAAAA==',
  9: 'AAAAAAAAAAABAAAAAAAAAA==',
  10: 'AACAPwAAAEA=',
  11: 'AABAQAAAgEA=',
  12: 'AAAgQA==',
};

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));

describe('a checkpoint that torch has written', () => {
  it('has its tensors, and says of each that is not read why', () => {
    const file = zipOf([
      { name: 'archive/data.pkl', content: fromBase64(pickle) },
      ...Object.entries(storages).map(([key, content]) => ({
        name: `archive/data/${key}`,
        content: fromBase64(content),
      })),
    ]);
    const { root, problems } = readDocument('m.pt', file, () => undefined);
    assert.deepEqual(problems, []);
    assert.ok(root?.kind === 'object');
    const read = root.properties.map(({ key, value }) => [
      key,
      value.kind === 'tensor' ? [...value.data] : value.kind === 'unreadable' ? value.finding.found : value.kind,
    ]);
    assert.deepEqual(Object.fromEntries(read), {
      w: [0.5, 1.5],
      u16: [1, 65_000],
      u32: [1, 3, 2, 2 ** 31],
      f8: 'torch.float8_e5m2',
      sparse: 'a sparse tensor',
      nested: 'a nested tensor',
      meta: 'a tensor of the device "meta"',
      parameter: [1, 2],
      buffer: [3, 4],
      texts: 'the type <U1',
      objects: 'the type |O8',
      last: [2.5],
    });
  });
});

describe('the calls of such a checkpoint', () => {
  const calls = (): PickleCalls => new PickleCalls(100, (expected, found) => damaged(expected, found));
  const global = (name: string): PickleValue => ({ kind: 'global', name });
  const tuple = (...items: readonly PickleValue[]): PickleValue => ({ kind: 'tuple', items });
  const place = tuple('storage', global('torch.storage.UntypedStorage'), 'k', 'cpu', 5);
  const typed = (dtype: PickleValue): PickleValue => {
    const args = [calls().persistent(place), 0, tuple(2), tuple(1), false, null, dtype];
    return calls().call(global('torch._utils._rebuild_tensor_v3'), args);
  };

  it('say of which type the numbers of a storage of bytes are', () => {
    assert.equal((typed(global('torch.uint16')) as { type: string }).type, 'u2');
    assert.equal((typed(global('torch.complex32')) as { kind: string }).kind, 'unread');
    const five = { bytes: new Uint8Array(5), little: true };
    const open = (dtype: string) =>
      torchTensors(
        typed(global(dtype)),
        () => five,
        () => undefined,
      ).tensors;
    assert.deepEqual(open('torch.uint16')[0]?.stored?.shape, [2]);
    assert.deepEqual(
      told(() => open('torch.uint32')),
      ['a tensor inside of its storage of 1 numbers', 'the shape [2] from number 0 on'],
    );
    for (const [dtype, found] of [
      [null, 'None'],
      ['torch.uint16', 'string'],
      [global('torch.Size'), 'torch.Size'],
      [global('numpy.ndarray'), 'numpy.ndarray'],
    ] as const)
      assert.deepEqual(
        told(() => typed(dtype)),
        ['the name of a type', found],
      );
  });

  it('make what has attributes by one call that gives a tensor', () => {
    const tagged = global('torch._tensor._rebuild_from_type_v2');
    const make = (callee: PickleValue, args: PickleValue): PickleValue =>
      calls().call(tagged, [callee, global('torch.Tensor'), args, null]);
    const args = tuple(calls().persistent(place), 0, tuple(2), tuple(1));
    assert.equal((make(global('torch._utils._rebuild_tensor_v2'), args) as { kind: string }).kind, 'tensor');
    // Arguments that hold themselves would be gone through without an end.
    const endless: PickleValue[] = [tagged, null];
    const list: PickleValue = { kind: 'list', items: endless };
    endless.push(list);
    assert.deepEqual(
      told(() => make(tagged, list)),
      ['a call that gives a tensor or a dict', 'torch._tensor._rebuild_from_type_v2'],
    );
    assert.deepEqual(
      told(() => make(global('collections.OrderedDict'), tuple())),
      ['a tensor', 'dict'],
    );
    assert.equal(told(() => make(null, args))[0], 'a call that gives a tensor or a dict');
  });
});
