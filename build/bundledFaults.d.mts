export function bundledFaults(
  bill: { readonly components: readonly { readonly group?: string; readonly name: string }[] },
  said: string,
): { readonly asked: boolean; readonly faults: readonly string[]; readonly why: string | null };
