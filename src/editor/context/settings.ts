import * as vscode from 'vscode';
import type { VerdictBounds } from '../../engine/index.js';
import { isBound, mostBytes } from '../../config/read/index.js';

export const prefix = 'rnnGradients';

export type Settings = {
  readonly bounds: VerdictBounds;
  readonly followEdits: boolean;
  readonly delay: number;
  readonly threads: number;
  readonly inlayHints: boolean;
  /** Bytes of the largest text that is read. */
  readonly longestText: number;
};

/**
 * The settings that the manifest declares. What is no value of one of them, as somebody may have written it by hand, is
 * taken as its default.
 */
export function readSettings(): Settings {
  const settings = vscode.workspace.getConfiguration(prefix);
  const flag = (key: string): boolean => settings.get<unknown>(key) !== false;
  const number = (key: string, otherwise: number, isValid: (x: number) => boolean): number => {
    const value = settings.get<unknown>(key);
    return typeof value === 'number' && isValid(value) ? value : otherwise;
  };
  return {
    bounds: {
      vanishing: number('verdict.vanishingBelow', 1e-3, (x) => x > 0 && x <= 1),
      fading: number('verdict.fadingBelow', 0.1, (x) => x > 0 && x <= 1),
      exploding: number('verdict.explodingAbove', 70, (x) => x >= 1),
    },
    followEdits: flag('followEdits'),
    delay: number('followDelay', 150, (x) => x >= 0 && x <= 5_000),
    threads: number('threads', 0, (x) => Number.isInteger(x) && x >= 0 && x <= 16),
    inlayHints: flag('inlayHints'),
    longestText: 1e6 * number('maxTextFileSize', mostBytes / 1e6, isBound),
  };
}
