export const rooms: readonly string[];
export function whyNot(file: string, specifier: string, typeOnly?: boolean): string | null;
