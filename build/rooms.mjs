// The order of the rooms, and the lint rules that keep it: a room imports only from itself and from rooms below it,
// through their index.ts, and no files import each other in a circle.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** From the ground up. */
export const rooms = [
  'src/l10n.ts',
  'src/engine',
  'src/config',
  'src/protocol',
  'src/worker',
  'src/report',
  'src/notebook',
  'src/assistant',
  'src/editor',
  'src/panel',
  'src/commands',
  'src/assemble.ts',
  'src/extension.ts',
  'src/web.ts',
  'src/mcp',
  'src/mcpServer.ts',
  'src/cli',
  'src/cli.ts',
];

/** The rooms inside a room, from the ground up. A file beside them (index.ts) may import from all of them. */
export const innerRooms = {
  'src/engine': ['core', 'linalg', 'cells', 'network', 'analysis', 'verdict', 'wasm', 'run'],
  'src/config': ['json', 'formats', 'layouts', 'problems', 'read', 'edit'],
  'src/worker': ['scheduling', 'changes', 'answers', 'record', 'thread'],
  'src/editor': ['context', 'files', 'following', 'status', 'language', 'tools'],
  webview: ['page', 'widgets', 'chart', 'tracks', 'cards', 'header', 'compare', 'tensors', 'sequences'],
};

/** Written in AssemblyScript, which has rules of its own; nothing imports them. */
export const kernelRooms = ['src/engine/kernels', 'src/config/json/kernels'];

/**
 * What a room may never import, besides the rooms above it (bare module names; `node:` stands for every Node module).
 */
const forbidden = {
  'src/l10n.ts': ['vscode', 'node:'],
  'src/engine': ['vscode', 'node:', 'jsonc-parser', 'ml-matrix'],
  'src/config': ['vscode', 'node:', 'ml-matrix'],
  'src/protocol': ['vscode', 'node:', 'ml-matrix', 'jsonc-parser'],
  'src/worker': ['vscode'],
  'src/report': ['vscode'],
  'src/notebook': ['vscode', 'node:'],
  'src/assistant': ['vscode', 'node:'],
  'src/mcp': ['vscode'],
  'src/mcpServer.ts': ['vscode'],
  'src/cli': ['vscode'],
  'src/cli.ts': ['vscode'],
  webview: ['vscode', 'node:', 'ml-matrix', 'jsonc-parser'],
};

/** The page stands outside the ladder: it knows the protocol's types and message helper, and nothing else of `src`. */
const pageMayImport = ['webview', 'src/protocol'];
/** The editor side asks the worker for numbers, so it never computes them itself. */
const noEngineInternals = [
  'src/assistant',
  'src/editor',
  'src/panel',
  'src/commands',
  'src/assemble.ts',
  'src/extension.ts',
];
/** Alone at the bottom of the page's rooms: every view may use its controls. */
const toolkitOwner = 'webview/ui.ts';

const roomOf = (file) => {
  if (file.startsWith('webview/')) return 'webview';
  return rooms.find((room) => file === room || file.startsWith(`${room}/`)) ?? null;
};

/** The room inside its room, or null for a file that stands beside those. */
const innerRoomOf = (room, file) => {
  const [folder, ...rest] = file.slice(room.length + 1).split('/');
  return rest.length > 0 ? folder : null;
};

/** Why a file may not import another one of the same big room, or null when it may. */
function whyNotInside(room, file, target) {
  const order = innerRooms[room];
  if (order === undefined) return null;
  const [from, to] = [innerRoomOf(room, file), innerRoomOf(room, target)];
  const unknown = [from, to].find((inner) => inner !== null && !order.includes(inner));
  if (unknown !== undefined) return `${room}/${unknown} has no place in the order of rooms`;
  if (from === null || from === to || target === 'webview/ui') return null;
  if (to === null) return `${room}/${from} may not import what stands above all rooms of ${room}`;
  return order.indexOf(to) < order.indexOf(from)
    ? null
    : `${room}/${from} lies below ${room}/${to} and may not import from it`;
}

/** The reason why `file` (relative to the project, with slashes) may not import `specifier`, or null when it may. */
export function whyNot(file, specifier, typeOnly = false) {
  const room = roomOf(file);
  if (room === null) return null;
  if (specifier === '@vscode/webview-ui-toolkit' && file !== toolkitOwner) {
    return `only ${toolkitOwner} imports the component toolkit, so that it can be swapped in one place`;
  }
  if (!specifier.startsWith('.')) {
    const banned = (forbidden[room] ?? []).find(
      (name) => specifier === name || (name.endsWith(':') && specifier.startsWith(name)),
    );
    return banned === undefined ? null : `${room} may not touch ${specifier}`;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '');
  const targetRoom = roomOf(target) ?? roomOf(`${target}.ts`);
  if (targetRoom === room) return whyNotInside(room, file, target);
  if (targetRoom === null) return `${room} may import from the project's rooms only, not from ${target}`;
  if (room === 'webview' && !pageMayImport.includes(targetRoom)) return `the page may not import from ${targetRoom}`;
  if (room !== 'webview' && (targetRoom === 'webview' || rooms.indexOf(targetRoom) > rooms.indexOf(room))) {
    return `${room} lies below ${targetRoom} and may not import from it`;
  }
  if (targetRoom === 'src/engine' && noEngineInternals.includes(room) && !typeOnly) {
    return `${room} asks the worker; it takes only types from src/engine`;
  }
  if (room === 'src/protocol' && !typeOnly) return 'src/protocol stands on nothing that runs: import type';
  // In a browser some rooms have a face of their own.
  if (!targetRoom.endsWith('.ts') && !['index', 'index.web'].includes(path.posix.basename(target))) {
    return `a room is entered by its index.ts, not by ${target}`;
  }
  return null;
}

export const roomRule = {
  meta: { type: 'problem', schema: [], messages: { room: '{{reason}} (rooms: build/rooms.mjs)' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node) => {
      if (node.source == null) return;
      const typeOnly =
        node.importKind === 'type' ||
        node.exportKind === 'type' ||
        (node.specifiers?.length > 0 && node.specifiers.every((s) => s.importKind === 'type'));
      const reason = whyNot(file, node.source.value, typeOnly);
      if (reason !== null) context.report({ node, messageId: 'room', data: { reason } });
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};

/** file → the project's files that it imports, types included; paths relative to `root`, with slashes. */
export function importGraph(root) {
  const inKernels = (file) => kernelRooms.some((room) => file.startsWith(`${room}/`));
  const files = globSync(['src/**/*.ts', 'webview/**/*.ts'], { cwd: root }).map((file) =>
    file.split(path.sep).join('/'),
  );
  return new Map(
    files
      .filter((file) => !inKernels(file))
      .map((file) => {
        const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'), true, true);
        const relative = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.'));
        return [file, relative.map((name) => path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts'))];
      }),
  );
}

/** The shortest way from `target` back to `file` along imports, both included; null when there is none. */
export function circle(graph, file, target) {
  const cameFrom = new Map([[target, null]]);
  const queue = [target];
  for (const at of queue) {
    if (at === file) {
      const way = [];
      for (let step = at; step !== null; step = cameFrom.get(step)) way.unshift(step);
      return way;
    }
    for (const next of graph.get(at) ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return null;
}

/**
 * file → the circle that it is part of, as a number: two files have the same where each leads to the other (Tarjan,
 * "Depth-first search and linear graph algorithms", 1972).
 */
export function circlesOf(graph) {
  const found = new Map();
  const order = new Map();
  const low = new Map();
  const stack = [];
  const visit = (file) => {
    order.set(file, order.size);
    low.set(file, order.get(file));
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) visit(next);
      if (!found.has(next)) low.set(file, Math.min(low.get(file), low.get(next)));
    }
    if (low.get(file) !== order.get(file)) return;
    for (let member = null; member !== file;) {
      member = stack.pop();
      found.set(member, order.get(file));
    }
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return found;
}

const graphs = new Map();
/**
 * The graph is read once for all files of a lint run; an editor that lints for hours reads it again after half a
 * minute.
 */
function recentGraph(root) {
  const known = graphs.get(root);
  if (known !== undefined && performance.now() - known.readAt < 30_000) return known;
  const graph = importGraph(root);
  const recent = { graph, circles: circlesOf(graph), readAt: performance.now() };
  graphs.set(root, recent);
  return recent;
}

export const circleRule = {
  meta: { type: 'problem', schema: [], messages: { circle: 'a circle of imports: {{way}}' } },
  create(context) {
    const file = path.relative(context.cwd, context.filename).split(path.sep).join('/');
    const check = (node) => {
      if (node.source == null || !node.source.value.startsWith('.')) return;
      const target = path.posix.join(path.posix.dirname(file), node.source.value).replace(/\.js$/, '.ts');
      const { graph, circles } = recentGraph(context.cwd);
      // Nearly always: the way need not be looked for.
      if (circles.get(file) !== circles.get(target)) return;
      const way = circle(graph, file, target);
      if (way !== null) context.report({ node, messageId: 'circle', data: { way: [file, ...way].join(' → ') } });
    };
    return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
  },
};
