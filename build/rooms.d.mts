export const rooms: readonly string[];
export const innerRooms: Readonly<Record<string, readonly string[]>>;
export const kernelRooms: readonly string[];
export function whyNot(file: string, specifier: string, typeOnly?: boolean): string | null;
export function importGraph(root: string): ReadonlyMap<string, readonly string[]>;
export function circlesOf(graph: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, number>;
export function circle(
  graph: ReadonlyMap<string, readonly string[]>,
  file: string,
  target: string,
): readonly string[] | null;
