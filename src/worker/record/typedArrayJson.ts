// Values with typed arrays and numbers that JSON has no word for, as JSON text and back. The reader runs in any
// browser.
import { base64 } from './base64.js';
import { fromBase64 } from './fromBase64.js';

const arrays = { Float64Array, Float32Array, Uint32Array, Int16Array, Uint8Array } as const;
type ArrayName = keyof typeof arrays;
/** By its tag: an array may come from another frame, which has classes of its own. */
const tagOf = (value: ArrayBufferView): string => Object.prototype.toString.call(value).slice('[object '.length, -1);
const nameOf = (value: ArrayBufferView): ArrayName => {
  const tag = tagOf(value);
  const found = (Object.keys(arrays) as ArrayName[]).find((name) => name === tag);
  if (found === undefined) throw new TypeError(`An array of this kind cannot be packed: ${tag}.`);
  return found;
};

/** The same numbers in half the room, where float32 holds them exactly. */
const isNarrow = (value: ArrayBufferView): value is Float64Array =>
  tagOf(value) === 'Float64Array' && (value as Float64Array).every((number) => Object.is(Math.fround(number), number));

function wrap(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (ArrayBuffer.isView(value)) {
    const stored = isNarrow(value) ? Float32Array.from(value) : value;
    return {
      $array: nameOf(value),
      $stored: nameOf(stored),
      $bytes: base64(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength)),
    };
  }
  if (Array.isArray(value)) return value.map(wrap);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wrap(item)]));
  return value;
}

/**
 * JSON text that may stand inside a script element of a page: no `<` is left in it, so nothing can end the element.
 * Arrays are little-endian, like every machine that runs a browser.
 */
export const pack = (value: unknown): string => JSON.stringify(wrap(value)).replaceAll('<', '\\u003c');

function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== 'object' || value === null) return value;
  if ('$number' in value) return Number(value.$number);
  if ('$array' in value && '$stored' in value && '$bytes' in value) {
    const stored = new arrays[value.$stored as ArrayName](fromBase64(String(value.$bytes)).buffer);
    return value.$stored === value.$array ? stored : arrays[value.$array as ArrayName].from(stored);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
}

export const unpack = (text: string): unknown => unwrap(JSON.parse(text));
