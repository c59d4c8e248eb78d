// The names of tensors as a tree, by their dots and slashes: encoder → lstm → weight_ih_l0.

/** A group of tensors, or one of them: then `index` says which, and there are no children. */
export type TreeNode = {
  readonly key: string;
  /** What the names in a group begin with; several of a group that is one with others. */
  readonly prefixes: readonly string[];
  readonly label: string;
  readonly level: number;
  readonly index: number | null;
  readonly parent: TreeNode | null;
  readonly children: readonly TreeNode[];
  /** How many tensors there are in it. */
  readonly tensors: number;
};

/** A row that is to be seen, with its place among its siblings, from 1. */
export type TreeRow = { readonly node: TreeNode; readonly position: number; readonly siblings: number };

/** What stands deeper has the rest of its name in one piece: a name may be nothing but dots. */
const deepest = 12;
/** With more rows than this nobody sees what a file holds: groups stay shut. */
const mostAtFirst = 60;

type Branch = {
  readonly prefix: string;
  readonly groups: Map<string, Branch>;
  readonly parts: (Branch | NamedPlace)[];
};
const branch = (prefix: string): Branch => ({ prefix, groups: new Map(), parts: [] });

const bare = (prefix: string): string => prefix.replace(/(?!^)[./]+$/, '');

/** A tensor by its name and its place in the file. */
export type NamedPlace = { readonly index: number; readonly name: string };

/** In the order of the file. What holds nothing but one thing is one with it: `encoder.lstm`, `norm.weight`. */
export function treeOf(tensors: readonly NamedPlace[]): readonly TreeNode[] {
  const root = branch('');
  for (const tensor of tensors) {
    const { name } = tensor;
    let at = root;
    let from = 0;
    for (let level = 0; level < deepest; level++) {
      const end = endOfPart(name, from);
      if (end === name.length) break;
      const part = name.slice(from, end);
      let next = at.groups.get(part);
      if (next === undefined) {
        next = branch(at.prefix + part);
        at.groups.set(part, next);
        at.parts.push(next);
      }
      at = next;
      from = end;
    }
    at.parts.push(tensor);
  }
  return root.parts.map((part) => nodeOf(part, '', 1, null));
}

/** Behind the next dot or slash; the end of the name where there is none before its last character. */
function endOfPart(name: string, from: number): number {
  for (let at = from; at < name.length - 1; at++) if (name[at] === '.' || name[at] === '/') return at + 1;
  return name.length;
}

function nodeOf(part: Branch | NamedPlace, before: string, level: number, parent: TreeNode | null): TreeNode {
  if ('index' in part) {
    const { index, name } = part;
    const label = name.slice(before.length);
    return { key: `tensor ${name}`, prefixes: [], label, level, index, parent, children: [], tensors: 1 };
  }
  let own = part;
  const prefixes = [bare(own.prefix)];
  for (;;) {
    const [only, ...others] = own.parts;
    if (only === undefined || others.length > 0) break;
    if ('index' in only) return nodeOf(only, before, level, parent);
    own = only;
    prefixes.push(bare(own.prefix));
  }
  const children: TreeNode[] = [];
  const node = {
    key: `group ${own.prefix}`,
    prefixes,
    label: bare(own.prefix.slice(before.length)),
    level,
    index: null,
    parent,
    children,
    tensors: 0,
  };
  for (const inner of own.parts) children.push(nodeOf(inner, own.prefix, level + 1, node));
  node.tensors = children.reduce((sum, { tensors }) => sum + tensors, 0);
  return node;
}

/** The rows that are seen while these groups are open, from top to bottom. */
export function rowsOf(nodes: readonly TreeNode[], open: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const add = (siblings: readonly TreeNode[]): void => {
    for (const [i, node] of siblings.entries()) {
      rows.push({ node, position: i + 1, siblings: siblings.length });
      if (open.has(node.key)) add(node.children);
    }
  };
  add(nodes);
  return rows;
}

/** Groups that are open at first: those of the prefixes, and from the top down as many as can be overlooked. */
export function openAtFirst(nodes: readonly TreeNode[], prefixes: ReadonlySet<string>): Set<string> {
  const open = new Set<string>();
  let rows = nodes.length;
  const queue = [...nodes];
  for (const node of queue) {
    const { key, children } = node;
    if (children.length === 0) continue;
    if (rows + children.length <= mostAtFirst) {
      rows += children.length;
      open.add(key);
    }
    if (node.prefixes.some((prefix) => prefixes.has(prefix))) for (const one of pathTo(node)) open.add(one.key);
    for (const child of children) queue.push(child);
  }
  return open;
}

/** The node itself and everything above it. */
export function pathTo(node: TreeNode): TreeNode[] {
  const path: TreeNode[] = [];
  for (let at: TreeNode | null = node; at !== null; at = at.parent) path.push(at);
  return path;
}

/** The nodes of tensors, by their places in the file. */
export function tensorNodes(nodes: readonly TreeNode[]): ReadonlyMap<number, TreeNode> {
  const found = new Map<number, TreeNode>();
  const queue = [...nodes];
  for (const node of queue) {
    if (node.index !== null) found.set(node.index, node);
    for (const child of node.children) queue.push(child);
  }
  return found;
}
