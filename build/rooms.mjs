// The order of the rooms and the lint rule that keeps it: a room imports only from itself and from rooms below it.
import path from 'node:path';

/** From the ground up; the face of each room is its index.ts or the file itself. */
export const rooms = ['src/l10n.ts', 'src/engine', 'src/config', 'src/protocol', 'src/worker', 'src/report', 'src/editor', 'src/panel', 'src/commands', 'src/extension.ts', 'src/cli.ts'];

/** What a room may never import, besides the rooms above it (bare module names; `node:` stands for every Node module). */
const forbidden = {
  'src/l10n.ts': ['vscode', 'node:'],
  'src/engine': ['vscode', 'node:', 'jsonc-parser'],
  'src/config': ['vscode', 'node:'],
  'src/protocol': ['vscode', 'node:', 'ml-matrix', 'jsonc-parser'],
  'src/worker': ['vscode'],
  'src/report': ['vscode'],
  'src/cli.ts': ['vscode'],
  webview: ['vscode', 'node:', 'ml-matrix', 'jsonc-parser'],
};

/** Rooms that stand outside the ladder: the page knows the protocol's types and nothing else of `src`. */
const pageMayImport = ['webview', 'src/protocol'];
/** The editor side asks the worker for numbers, so it never computes them itself. */
const noEngineInternals = ['src/editor', 'src/panel', 'src/commands', 'src/extension.ts'];
const toolkitOwner = 'webview/ui.ts';

const roomOf = (file) => {
  if (file.startsWith('webview/')) return 'webview';
  return rooms.find((room) => file === room || file.startsWith(`${room}/`)) ?? null;
};

/** The reason why `file` (relative to the project, with slashes) may not import `specifier`, or null when it may. */
export function whyNot(file, specifier, typeOnly = false) {
  const room = roomOf(file);
  if (room === null) return null;
  if (specifier === '@vscode/webview-ui-toolkit' && file !== toolkitOwner) return `only ${toolkitOwner} imports the component toolkit, so that it can be swapped in one place`;
  if (!specifier.startsWith('.')) {
    const banned = (forbidden[room] ?? []).find((name) => specifier === name || (name.endsWith(':') && specifier.startsWith(name)));
    return banned === undefined ? null : `${room} may not touch ${specifier}`;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '');
  const targetRoom = roomOf(target) ?? roomOf(`${target}.ts`);
  if (targetRoom === room) return null;
  if (targetRoom === null) return `${room} may import from the project's rooms only, not from ${target}`;
  if (room === 'webview') {
    if (!pageMayImport.includes(targetRoom)) return `the page may not import from ${targetRoom}`;
    return typeOnly || target === 'src/protocol/rpc' ? null : 'the page takes only types, and the message helper rpc.ts, from src/protocol';
  }
  if (targetRoom === 'webview' || rooms.indexOf(targetRoom) > rooms.indexOf(room)) return `${room} lies below ${targetRoom} and may not import from it`;
  if (targetRoom === 'src/engine' && noEngineInternals.includes(room) && !typeOnly) return `${room} asks the worker; it takes only types from src/engine`;
  if (room === 'src/protocol' && !typeOnly) return 'src/protocol holds types: import type';
  return null;
}

export const roomRule = {
  meta: { type: 'problem', schema: [], messages: { room: '{{reason}} (rooms: build/rooms.mjs)' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node) => {
      if (node.source == null) return;
      const typeOnly = node.importKind === 'type' || node.exportKind === 'type'
        || (node.specifiers?.length > 0 && node.specifiers.every((s) => s.importKind === 'type'));
      const reason = whyNot(file, node.source.value, typeOnly);
      if (reason !== null) context.report({ node, messageId: 'room', data: { reason } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check, ImportExpression: check };
  },
};
