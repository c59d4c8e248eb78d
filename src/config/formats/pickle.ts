// An interpreter of pickle's opcodes that builds data and calls nothing.
// https://github.com/python/cpython/blob/main/Lib/pickletools.py
import { t } from '@vscode/l10n';
import type { Tick } from '../json/scanner.js';
import { refused } from './formatError.js';
import { exportAdvice } from './pickleGlobals.js';
import { PickleMachine, usualLimits } from './pickleMachine.js';
import type { Unpickled } from './pickleMachine.js';
import { opaque } from './pickleValues.js';
import type { Dict, PickleValue } from './pickleValues.js';

type Step = (machine: PickleMachine) => void;

/** Something by its number in a table that only the program has which wrote the file. */
const extension = (): never => {
  throw refused(
    t('The file wants to load something by its number in the extension registry of Python.'),
    t('tensors in dicts, as torch.save(model.state_dict(), file) writes them'),
    'EXT',
    exportAdvice(),
  );
};

const bytes = (machine: PickleMachine, length: number): void => {
  machine.push({ kind: 'bytes', bytes: machine.take(length) });
};
const text = (machine: PickleMachine, length: number): void => {
  machine.push(machine.text(length));
};
const list = (items: PickleValue[]): PickleValue => ({ kind: 'list', items });
const tuple = (items: readonly PickleValue[]): PickleValue => ({ kind: 'tuple', items });
const newDict = (): Dict => ({ kind: 'dict', entries: new Map() });

const truth = new Map([
  ['01', true],
  ['00', false],
]);

/** Each with its byte and the name that pickletools has for it. STOP ends the reading. */
const opcodes: readonly (readonly [opcode: string | number, name: string, step: Step])[] = [
  ['(', 'MARK', (m) => m.mark()],
  ['0', 'POP', (m) => m.drop()],
  ['1', 'POP_MARK', (m) => void m.popMark()],
  ['2', 'DUP', (m) => m.push(m.top())],
  ['N', 'NONE', (m) => m.push(null)],
  [0x88, 'NEWTRUE', (m) => m.push(true)],
  [0x89, 'NEWFALSE', (m) => m.push(false)],
  [
    'I',
    'INT',
    (m) => {
      const line = m.line();
      m.push(truth.get(line) ?? m.number(line));
    },
  ],
  ['J', 'BININT', (m) => m.push(m.int32())],
  ['K', 'BININT1', (m) => m.push(m.uint(1))],
  ['M', 'BININT2', (m) => m.push(m.uint(2))],
  ['L', 'LONG', (m) => m.push(m.number(m.line()))],
  [0x8a, 'LONG1', (m) => m.push(m.long(m.uint(1)))],
  [0x8b, 'LONG4', (m) => m.push(m.long(m.uint(4)))],
  ['F', 'FLOAT', (m) => m.push(Number(m.line()))],
  ['G', 'BINFLOAT', (m) => m.float()],
  ['S', 'STRING', (m) => m.push(/^\s*(['"])(.*)\1\s*$/.exec(m.line())?.[2] ?? '')],
  ['T', 'BINSTRING', (m) => text(m, m.uint(4))],
  ['U', 'SHORT_BINSTRING', (m) => text(m, m.uint(1))],
  ['V', 'UNICODE', (m) => m.push(m.line())],
  ['X', 'BINUNICODE', (m) => text(m, m.uint(4))],
  [0x8c, 'SHORT_BINUNICODE', (m) => text(m, m.uint(1))],
  [0x8d, 'BINUNICODE8', (m) => text(m, m.length64())],
  ['B', 'BINBYTES', (m) => bytes(m, m.uint(4))],
  ['C', 'SHORT_BINBYTES', (m) => bytes(m, m.uint(1))],
  [0x8e, 'BINBYTES8', (m) => bytes(m, m.length64())],
  [0x96, 'BYTEARRAY8', (m) => bytes(m, m.length64())],
  [']', 'EMPTY_LIST', (m) => m.push(list([]))],
  ['l', 'LIST', (m) => m.push(list(m.popMark()))],
  ['a', 'APPEND', (m) => m.append([m.pop()])],
  ['e', 'APPENDS', (m) => m.append(m.popMark())],
  // A set has no order, so nothing in it is a sequence or a layer.
  [0x8f, 'EMPTY_SET', (m) => m.push(opaque)],
  [0x90, 'ADDITEMS', (m) => m.addToSet()],
  [
    0x91,
    'FROZENSET',
    (m) => {
      m.popMark();
      m.push(opaque);
    },
  ],
  [')', 'EMPTY_TUPLE', (m) => m.push(tuple([]))],
  ['t', 'TUPLE', (m) => m.push(tuple(m.popMark()))],
  [0x85, 'TUPLE1', (m) => m.popTuple(1)],
  [0x86, 'TUPLE2', (m) => m.popTuple(2)],
  [0x87, 'TUPLE3', (m) => m.popTuple(3)],
  ['}', 'EMPTY_DICT', (m) => m.push(newDict())],
  [
    'd',
    'DICT',
    (m) => {
      const items = m.popMark();
      m.push(newDict());
      m.setItems(items);
    },
  ],
  [
    's',
    'SETITEM',
    (m) => {
      const value = m.pop();
      m.setItems([m.pop(), value]);
    },
  ],
  ['u', 'SETITEMS', (m) => m.setItems(m.popMark())],
  [
    'c',
    'GLOBAL',
    (m) => {
      const module = m.line();
      m.global(module, m.line());
    },
  ],
  [
    0x93,
    'STACK_GLOBAL',
    (m) => {
      const name = m.name();
      m.global(m.name(), name);
    },
  ],
  ['R', 'REDUCE', (m) => m.call()],
  [0x81, 'NEWOBJ', (m) => m.call()],
  ['b', 'BUILD', (m) => m.build()],
  [
    'i',
    'INST',
    (m) => {
      const module = m.line();
      m.global(module, m.line());
      const callee = m.pop();
      m.callWith(callee, m.popMark());
    },
  ],
  [
    'o',
    'OBJ',
    (m) => {
      const [callee = null, ...args] = m.popMark();
      m.callWith(callee, args);
    },
  ],
  ['p', 'PUT', (m) => m.put(m.index(m.line()))],
  ['q', 'BINPUT', (m) => m.put(m.uint(1))],
  ['r', 'LONG_BINPUT', (m) => m.put(m.uint(4))],
  [0x94, 'MEMOIZE', (m) => m.memoize()],
  ['g', 'GET', (m) => m.get(m.index(m.line()))],
  ['h', 'BINGET', (m) => m.get(m.uint(1))],
  ['j', 'LONG_BINGET', (m) => m.get(m.uint(4))],
  ['Q', 'BINPERSID', (m) => m.persistent()],
  [0x82, 'EXT1', extension],
  [0x83, 'EXT2', extension],
  [0x84, 'EXT4', extension],
  [
    0x80,
    'PROTO',
    (m) => {
      const version = m.uint(1);
      if (version > 5) throw m.wrong(t('a pickle of protocol 5 at most'), t('protocol {0}', version));
    },
  ],
  // Where a frame ends tells a reader of a stream how much to read at once.
  [0x95, 'FRAME', (m) => void m.take(8)],
];

const stop = '.'.charCodeAt(0);
const steps: ReadonlyMap<number, Step> = new Map(
  opcodes.map(([opcode, , step]) => [typeof opcode === 'number' ? opcode : opcode.charCodeAt(0), step]),
);

/** The value of the pickle that begins at `start`, and where it ends. @throws FormatError */
export function unpickle(content: Uint8Array, start: number, tick: Tick, limits = usualLimits): Unpickled {
  const machine = new PickleMachine(content, start, tick, limits);
  for (;;) {
    const opcode = machine.opcode();
    if (opcode === stop) return machine.result();
    const step = steps.get(opcode);
    if (step === undefined) throw machine.wrong(t('an opcode of a state dict'), `0x${opcode.toString(16)}`);
    step(machine);
  }
}
