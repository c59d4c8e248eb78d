/** The path of a Chromium, Chrome or Edge; throws with advice when there is none. */
export function findChromium(): string;
export const chromiumArgs: string[];
export function onPath(commands: readonly string[]): string | null;
export function commandFromApt(command: string, packageName: string): string | null;
