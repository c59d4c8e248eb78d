import { allowFile } from './allowFile.js';
import { cancel } from './cancel.js';
import { compare } from './compare.js';
import type { CommandFactory } from './commandContext.js';
import { copyDiagnostics } from './copyDiagnostics.js';
import { copyNotebookFunction } from './copyNotebookFunction.js';
import { copyPyTorchExport } from './copyPyTorchExport.js';
import { createConfig } from './createConfig.js';
import { createExample } from './createExample.js';
import { foldMatrices } from '../editor/language/index.js';
import { preview, showPanel } from './preview.js';
import { previewSequences } from './previewSequences.js';
import { copyWeightsToJson, initialiseWeights, moveWeightsToFile, rescaleWeights } from './refactorCommands.js';
import { run } from './run.js';
import { saveReport } from './saveReport.js';
import { showText } from './showResultText.js';

/** Command id without the prefix → what it does. */
export const commands: Readonly<Record<string, CommandFactory>> = {
  run,
  preview,
  previewSequences,
  showPanel,
  compare,
  compareSelected: compare,
  createConfig,
  createExample,
  copyPyTorchExport,
  copyNotebookFunction,
  copyDiagnostics,
  rescaleWeights,
  initialiseWeights,
  moveWeightsToFile,
  copyWeightsToJson,
  saveReport,
  showResultText: showText('whole'),
  checkGradients: showText('gradientCheck'),
  allowFile,
  foldMatrices: ({ subjects }) => foldMatrices(subjects),
  cancel,
};
