import * as vscode from 'vscode';
import type { VerdictBounds } from '../engine/types.js';

export const prefix = 'rnnGradients';

export type Settings = { readonly bounds: VerdictBounds; readonly followEdits: boolean; readonly delay: number; readonly threads: number; readonly inlayHints: boolean };

export function readSettings(): Settings {
  const settings = vscode.workspace.getConfiguration(prefix);
  return {
    bounds: { vanishing: settings.get('verdict.vanishingBelow', 1e-3), exploding: settings.get('verdict.explodingAbove', 70) },
    followEdits: settings.get('followEdits', true),
    delay: settings.get('followDelay', 150),
    threads: settings.get('threads', 0),
    inlayHints: settings.get('inlayHints', true),
  };
}
