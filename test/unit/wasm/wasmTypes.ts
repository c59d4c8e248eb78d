// The functions that a compiled module exports, with the types of their arguments: WebAssembly.Module.exports tells the
// names alone, the rest stands in the module's sections (https://webassembly.github.io/spec/core/binary/modules.html).

export type WasmFunction = { readonly takes: readonly string[]; readonly returns: readonly string[] };

const [typeSection, importSection, functionSection, exportSection] = [1, 2, 3, 7];
const functionKind = 0;
const numberTypes: Readonly<Record<number, string>> = {
  0x7f: 'i32',
  0x7e: 'i64',
  0x7d: 'f32',
  0x7c: 'f64',
  0x7b: 'v128',
};

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined)
      throw new Error(`The module ends at byte ${this.#bytes.length}, in the middle of something.`);
    return byte;
  }

  /** LEB128. */
  unsigned(): number {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  text(): string {
    const length = this.unsigned();
    this.at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at));
  }

  list<Item>(item: () => Item): Item[] {
    return Array.from({ length: this.unsigned() }, item);
  }

  type(): string {
    const code = this.byte();
    return numberTypes[code] ?? `type 0x${code.toString(16)}`;
  }
}

/** What a module exports, by name. @throws for what these modules do not have: imports other than memories. */
export function exportedFunctions(module: Uint8Array): ReadonlyMap<string, WasmFunction> {
  const reader = new Reader(module, 8);
  let types: WasmFunction[] = [];
  let typeOfFunction: number[] = [];
  const found = new Map<string, WasmFunction>();
  while (!reader.atEnd) {
    const section = reader.byte();
    const end = reader.unsigned() + reader.at;
    if (section === typeSection) {
      types = reader.list(() => {
        if (reader.byte() !== 0x60) throw new Error('The module has types that are no functions.');
        return { takes: reader.list(() => reader.type()), returns: reader.list(() => reader.type()) };
      });
    } else if (section === importSection) {
      // A function that is imported would take the first of the numbers by which functions are exported.
      const kinds = WebAssembly.Module.imports(new WebAssembly.Module(new Uint8Array(module))).map(({ kind }) => kind);
      if (kinds.some((kind) => kind !== 'memory')) throw new Error(`The module imports ${kinds.join(', ')}.`);
    } else if (section === functionSection) typeOfFunction = reader.list(() => reader.unsigned());
    else if (section === exportSection) {
      reader.list(() => {
        const name = reader.text();
        const [kind, index] = [reader.byte(), reader.unsigned()];
        const type = types[typeOfFunction[index] ?? -1];
        if (kind === functionKind && type !== undefined) found.set(name, type);
      });
    }
    reader.at = end;
  }
  return found;
}
