// What a file of numbers holds, in short: the same in every place that reads it the same, and in no other.
import { readDocument } from '../../src/config/formats/index.js';
import { Value } from '../../src/config/json/index.js';
import type { JsonNode } from '../../src/config/json/node.js';

/** FNV-1a over the bits of the numbers. */
export function hashOf(data: Float64Array): string {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let sum = 0x811c9dc5;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193);
  return (sum >>> 0).toString(16);
}

function* told(node: JsonNode, path: string): Generator<string> {
  if (node.kind === 'tensor') yield `${path} [${node.shape.join()}] ${hashOf(node.data)}`;
  else if (node.kind === 'object') for (const { key, value } of node.properties) yield* told(value, `${path}.${key}`);
  else yield `${path} ${node.kind}`;
}

/** Names, shapes and numbers of all that is in it, or why it is refused. `bytes` of other files are by their names. */
export function digest(id: string, files: Readonly<Record<string, Uint8Array>>): string[] {
  const beside = new Map(Object.entries(files).map(([name, bytes]) => [name, { id: name, bytes }]));
  const document = readDocument(id, files[id] ?? new Uint8Array(), () => undefined, beside);
  const root = Value.root(document);
  return [
    ...document.problems.map(({ code, message, found, advice }) => `${code}: ${message} ${found} ${advice}`),
    ...(root === null ? [] : told(root.node, '')),
  ];
}
