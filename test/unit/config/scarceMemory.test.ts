// A machine without WebAssembly or without memory: numbers are read the other way, or it is told what there is none of.
// This file has the reader of blocks to itself, which is made once.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { plainDocument, readDocument } from '../../../src/config/json/jsonDocument.js';
import { parseBytes } from '../../../src/config/json/fastParse.js';
import { BlockReader } from '../../../src/config/json/numberBlocks.js';
import { parseJson } from '../../../src/config/json/parse.js';

const quiet = (): void => undefined;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = '{"Wh":[[1,2],[3,4]] /* b */,"b":[0.5,// c\n1]}';
const { WebAssembly: wasm } = globalThis;
const { decode } = TextDecoder.prototype;
const { Memory } = WebAssembly;
const refused = new RangeError('Array buffer allocation failed');
const refuse = (): never => {
  throw refused;
};
/** In the place of `WebAssembly.Memory`. */
const throwing = (error: Error): typeof Memory =>
  class {
    constructor() {
      throw error;
    }
  } as unknown as typeof Memory;

afterEach(() => {
  globalThis.WebAssembly = wasm;
  wasm.Memory = Memory;
  TextDecoder.prototype.decode = decode;
});

describe('numbers where there is little to read them with', () => {
  it('are read by the parser where there is no WebAssembly, or no memory for it', () => {
    Reflect.deleteProperty(globalThis, 'WebAssembly');
    assert.equal(BlockReader.create(), null);
    assert.equal(parseBytes(bytesOf(text), quiet), null);
    assert.deepEqual(readDocument('a.json', bytesOf(text), quiet).root, parseJson(text, quiet).root);
    globalThis.WebAssembly = wasm;
    wasm.Memory = throwing(refused);
    assert.equal(BlockReader.create(), null);
    assert.equal(parseBytes(bytesOf(text), quiet), null);
    wasm.Memory = Memory;
    assert.deepEqual(parseBytes(bytesOf(text), quiet)?.root, parseJson(text, quiet).root);
  });

  it('are no fault of the file where something else fails', () => {
    const broken = new Error('broken');
    wasm.Memory = throwing(broken);
    assert.throws(() => BlockReader.create(), broken);
  });

  it('of a text that cannot be held are told so, and not as bytes that are no text', () => {
    TextDecoder.prototype.decode = refuse;
    assert.throws(() => parseBytes(bytesOf('{"a":1}'), quiet), refused);
    assert.throws(() => parseBytes(bytesOf('[1,/* é */2]'), quiet), refused);
    assert.throws(() => plainDocument('a.csv', bytesOf('a,b'), quiet), refused);
  });
});
