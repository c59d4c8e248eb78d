type Hint = { readonly file: string; readonly line: number; readonly why: string };
type Missed = { readonly type: string; readonly arm: number; readonly line: number; readonly column: number };
type Branches = { readonly all: number; readonly missed: readonly Missed[] };
export function isCounted(file: string): boolean;
export function runsTheBuild(file: string): boolean;
export function hintsOf(file: string, text: string): Hint[];
export function tableOf(
  files: readonly { readonly file: string; readonly branches: Branches; readonly hints: readonly Hint[] }[],
  flags?: { readonly only?: string; readonly places?: boolean },
): { readonly text: string; readonly wrong: readonly string[] };
