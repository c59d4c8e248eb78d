// A run in one line, for programs and for those who find a file again: the same in every language.
import type { RunSummary } from './model.js';

/** `weather; cell tanh; B 4; T 100; I 4; H 32; float32; vanishing`; of a network also the layer that is shown. */
export function runInShort({ name, cell, shapes: { B, T, I, H }, network, dtype, verdict }: RunSummary): string {
  const layer = network?.layers[network.shown];
  return [
    // What follows is told apart by semicolons.
    name.replace(/[;\s]+/g, ' ').trim(),
    ...(layer === undefined ? [] : [`layer ${layer.layer} ${layer.direction}`]),
    `cell ${cell.name}`,
    `B ${B}`,
    `T ${T}`,
    `I ${I}`,
    `H ${H}`,
    dtype,
    verdict.kind,
  ].join('; ');
}
