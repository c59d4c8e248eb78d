import { t } from '@vscode/l10n';
import { refusedBySystem, sizeOf } from '../formats/index.js';
import type { Bytes } from '../formats/index.js';
import { asWritten, fileName } from '../json/fileName.js';
import type { Document } from '../json/jsonDocument.js';
import type { Finding, Problem } from '../json/problem.js';
import type { FileContent, FileTrouble, SpecialKind } from './fileAccess.js';
import { pathAdvice } from '../problems/formatAdvice.js';
import { describeNode, quote } from '../json/node.js';
import { megabytes, mostBytes } from './limits.js';
import { describeNames, filePart } from './fileParts.js';
import type { FilePart } from './fileParts.js';
import type { Report } from '../problems/problemReport.js';
import type { OpenFiles } from './openFiles.js';
import type { Value } from '../json/jsonValue.js';

/** The files of one experiment as its reader asks for them: remembers which, and reports what is wrong with them. */
export class Sources {
  readonly #files: OpenFiles;
  readonly #report: Report;
  readonly #told = new Set<Document>();
  readonly #ids = new Set<string>();
  readonly #namedBy = new Map<string, NonNullable<Problem['namedBy']>>();

  constructor(files: OpenFiles, report: Report) {
    this.#files = files;
    this.#report = report;
  }

  /** Every file that was read or looked for. */
  get ids(): string[] {
    return [...this.#ids];
  }

  /**
   * Problems of files without a text, with the place that names the file: nobody can look at the file itself. One of
   * the file as a whole is told at the first of them.
   */
  named(problems: readonly Problem[]): Problem[] {
    return problems.map((problem) => {
      const namedBy = problem.namedBy ?? this.#namedBy.get(problem.file);
      return namedBy === undefined ? problem : { ...problem, namedBy };
    });
  }

  #note(id: string): void {
    this.#ids.add(id);
    for (const beside of this.#files.besides(id)) this.#ids.add(beside);
  }

  /**
   * A file that is not named by another one; what is wrong with it is told in the file itself. `hint`: advice for a
   * text without any value.
   */
  async open(id: string, hint: (text: string) => string | null = () => null): Promise<Value | null> {
    const content = await this.#files.content(id, null);
    this.#note(content.id);
    if (content.ok) {
      if (content.guarded === true) this.#report.guard(content.id);
      return this.#rootOf(content, hint);
    }
    const start = { line: 0, character: 0 };
    this.#report.add({
      file: content.id,
      range: { start, end: start },
      path: '',
      severity: 'error',
      ...absentEntry(id, content),
    });
    return null;
  }

  /** What a name means in such a file; the whole of it without one. */
  async openPart(id: string, name: string | undefined): Promise<Value | null> {
    const root = await this.open(id);
    return root === null || name === undefined ? root : this.#partIn(root, name, root);
  }

  /**
   * The value itself, or the root of the file that it names when it is a text. Null when that cannot be read, which is
   * reported.
   */
  async follow(value: Value, hint: (reference: string) => string | null = () => null): Promise<Value | null> {
    const part = filePart(value);
    if (part !== null) return this.#followPart(part, hint);
    const { node } = value;
    if (node.kind !== 'string') return value;
    const content = await this.#files.content(node.value, value.document.id);
    this.#note(content.id);
    if (content.ok) {
      if (content.guarded === true) this.#report.guard(content.id);
      if (!this.#report.guards(value)) this.#report.refer(content.id, node.value);
      const root = this.#rootOf(content);
      if (!hasNoText(this.#files.parsed(content).document)) return root;
      const namedBy = value.itself().address();
      if (!this.#namedBy.has(content.id)) this.#namedBy.set(content.id, namedBy);
      return root?.namedAt(namedBy) ?? null;
    }
    const finding = absent(node.value, content);
    const advice = isPlaced(content) ? (hint(node.value) ?? pathAdvice(node.value)) : null;
    this.#report.error(value.itself(), advice === null ? finding : { ...finding, advice });
    return null;
  }

  async #followPart({ file, name }: FilePart, hint: (reference: string) => string | null): Promise<Value | null> {
    const root = await this.follow(file, hint);
    return root === null || name === null ? root : this.#partIn(root, name, file);
  }

  /** Null after a report at `where`. */
  #partIn(root: Value, name: string, where: Value): Value | null {
    const part = this.#files.part(root, name);
    if (part === null) this.#report.error(where, { code: 'wrong-value', ...this.#withoutPart(root, name) });
    return part;
  }

  /** Nothing of that name stands there, or more than one thing. */
  #withoutPart(root: Value, name: string): Omit<Finding, 'code'> {
    const alone = t('Nothing in it has a name of its own: name the file alone.');
    if (root.node.kind === 'plain')
      return {
        message: t('Nothing in a table or a text has a name of its own.'),
        expected: t('"file" without "name"'),
        found: quote(name),
        advice: this.#report.byOption ? alone : t('Remove "name"; of a table "columns" says what is read.'),
      };
    const message = t('Nothing in the file is called {0}, or more than one.', quote(name));
    const names = this.#report.guards(root) ? t('other names') : describeNames(root);
    return names === ''
      ? {
          message,
          expected: t('a file whose parts have names'),
          found: describeNode(root.node),
          advice: alone,
        }
      : {
          message,
          expected: t('a name that one network or one tensor of the file has'),
          found: names,
          advice: t(
            'Write the name as the file has it, without the name of the tensor where a network or a layer is meant.',
          ),
        };
  }

  #rootOf(content: FileContent & { ok: true }, hint: (text: string) => string | null = () => null): Value | null {
    const { document, root } = this.#files.parsed(content);
    if (!this.#told.has(document)) {
      this.#told.add(document);
      const advice =
        document.root === null && document.problems.length === 1 && isText(document, content.bytes)
          ? hint(document.text)
          : null;
      for (const problem of document.problems) this.#report.add(advice === null ? problem : { ...problem, advice });
    }
    return root;
  }
}

/** Whether the text is all that stands in the file: of bytes in another encoding, and of tensors, there is none. */
const isText = ({ binary, text }: Document, bytes: Bytes): boolean =>
  binary === null && (text !== '' || sizeOf(bytes) === 0);

/** Tensors, or bytes that are no text. */
const hasNoText = ({ binary, root, text }: Document): boolean => binary !== null || (root === null && text === '');

/** Whether the way it is written may be the reason. */
const isPlaced = ({ reason }: FileTrouble): boolean => !['unplaced', 'outside', 'network', 'beyond'].includes(reason);

/** Nothing names an entry, so only its own name helps; of a URI people know the end. */
function absentEntry(id: string, content: FileContent & { ok: false }): Finding {
  const finding = absent(fileName(id), content);
  return content.reason === 'missing'
    ? {
        ...finding,
        advice: t(
          'Check its name and its folder. What was renamed or moved is used where it is now; what was never saved ' +
            'has to be saved first.',
        ),
      }
    : finding;
}

function absent(reference: string, content: FileContent & { ok: false }): Finding {
  if (content.reason === 'missing') {
    return {
      code: 'missing-file',
      message: t('The file {0} does not exist.', quote(reference)),
      expected: t('an existing file'),
      found: t('nothing at {0}', asWritten(content.id)),
      advice: t('Check its name; a relative path starts at the folder of the file that names it.'),
    };
  }
  if (content.reason === 'unplaced') {
    return {
      code: 'missing-file',
      message: t(
        'The file {0} cannot be looked for: this config is not saved, and no folder is open.',
        quote(reference),
      ),
      expected: t('a folder that the path starts at'),
      found: t('none'),
      advice: t('Save the config, open a folder, or write the whole path.'),
    };
  }
  if (content.reason === 'outside') {
    return {
      code: 'outside-workspace',
      message: t('{0} is not in this workspace, which is in Restricted Mode, so it is not read.', quote(reference)),
      expected: t('a file in the workspace'),
      found: t('one at {0}', asWritten(content.target)),
      advice: t('Allow it with the quick fix if you know this file, or trust the workspace.'),
      fix: { kind: 'allow', target: content.target },
    };
  }
  if (content.reason === 'network') {
    return {
      code: 'outside-workspace',
      message: t('{0} is on another computer, which VS Code may not reach.', quote(reference)),
      expected: t('a file of this computer'),
      found: t('one on the computer "{0}"', content.host),
      advice: t('Copy the file, or add the computer to the setting "{0}" if you trust it.', 'security.allowedUNCHosts'),
    };
  }
  if (content.reason === 'beyond') {
    return {
      code: 'outside-workspace',
      message: t('{0} is outside of what an assistant may read here.', quote(reference)),
      expected: content.allowed,
      found: t('one at {0}', asWritten(content.target)),
      advice: content.advice,
    };
  }
  if (content.reason === 'loop') {
    return {
      code: 'unreadable-file',
      message: t('{0} leads to no file: its links go round in a circle.', quote(reference)),
      expected: t('a file'),
      found: t('links that lead back to themselves'),
      advice: t('Lead the link to a file, or name the file itself.'),
    };
  }
  if (content.reason === 'special') {
    return {
      code: 'unreadable-file',
      message: notAFile[content.kind].message(quote(reference)),
      expected: t('a file'),
      found: notAFile[content.kind].found(),
      advice: t('Name a file that holds JSON: nothing else is read.'),
    };
  }
  if (content.reason === 'large') {
    return {
      code: 'unreadable-file',
      message: t('The file {0} is too large to be read.', quote(reference)),
      expected: t('at most {0}', megabytes(content.bound)),
      found: megabytes(content.bytes),
      advice:
        content.bound < mostBytes
          ? t('The bound is the setting "{0}" in the editor, and {1} on the command line.', setting, '--max-text')
          : t(
              'Write numbers with fewer digits, or the sequences into several files: "sequences" takes a ' +
                'list of their names.',
            ),
    };
  }
  return content.reason === 'folder'
    ? {
        code: 'unreadable-file',
        message: t('{0} is a folder, not a file.', quote(reference)),
        expected: t('a file'),
        found: t('a folder'),
        advice: t('Name a file inside it.'),
      }
    : refusedBySystem(reference, content.reason, content.detail);
}

/** Where an editor sets the bound of what is read. */
const setting = 'rnnGradients.maxTextFileSize';

type Told = { readonly message: (reference: string) => string; readonly found: () => string };
const notAFile: Readonly<Record<SpecialKind, Told>> = {
  device: { message: (reference) => t('{0} is a device, not a file.', reference), found: () => t('a device') },
  pipe: { message: (reference) => t('{0} is a pipe, not a file.', reference), found: () => t('a pipe') },
  socket: { message: (reference) => t('{0} is a socket, not a file.', reference), found: () => t('a socket') },
  other: {
    message: (reference) => t('{0} is not a file that holds anything.', reference),
    found: () => t('something else'),
  },
};
