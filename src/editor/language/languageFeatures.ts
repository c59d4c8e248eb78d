import * as vscode from 'vscode';
import { registerCodeActions } from './codeActions.js';
import { ConfigIndex } from '../following/configIndex.js';
import { registerFolding } from './folding.js';
import { registerHover } from './hover.js';
import { registerInlayHints } from './inlayHints.js';
import { Inspections } from '../following/inspections.js';
import { registerLinks } from './documentLinks.js';
import { registerPaths } from './pathCompletion.js';
import { registerProblems } from './problems.js';
import { Refactorings } from './refactorings.js';
import { registerRenames } from './renameReferences.js';
import type { Sessions } from '../following/sessions.js';
import { Subjects } from '../following/experimentLookup.js';
import { registerSymbols } from './documentSymbols.js';
import { Surveys } from '../following/surveys.js';
import { WeightFiles } from '../following/weightFiles.js';
import { errorStack } from '../../protocol/index.js';

export type LanguageFeatures = {
  readonly subjects: Subjects;
  readonly refactorings: Refactorings;
  readonly surveys: Surveys;
  readonly weightFiles: WeightFiles;
  readonly disposable: vscode.Disposable;
};

/** Everything that a config and the files it names can do in a text editor without being run. */
export function registerLanguageFeatures(sessions: Sessions, log: vscode.LogOutputChannel): LanguageFeatures {
  const inspections = new Inspections(sessions.workerPath, log, sessions.doors);
  const index = new ConfigIndex(inspections);
  const subjects = new Subjects(inspections, index);
  const refactorings = new Refactorings(inspections);
  const surveys = new Surveys(inspections, sessions.doors);
  const weightFiles = new WeightFiles(surveys, (error) => log.error(errorStack(error)));
  const disposable = vscode.Disposable.from(
    registerHover(subjects),
    registerInlayHints(subjects),
    registerLinks(subjects),
    registerPaths(),
    registerSymbols(subjects),
    registerFolding(subjects),
    registerCodeActions(subjects, refactorings),
    registerProblems(subjects, sessions),
    registerRenames(index),
    weightFiles,
    index,
    inspections,
  );
  return { subjects, refactorings, surveys, weightFiles, disposable };
}
