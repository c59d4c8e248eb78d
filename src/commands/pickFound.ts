// One of the things that the workspace's files hold, or another file.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { FileSurvey } from '../config/read/index.js';
import type { Surveys } from '../editor/following/index.js';
import { openDialog } from './openDialog.js';
import { back, fileItem, pickGrowing } from './quickInput.js';
import type { Answer, KeyedItem, Step } from './quickInput.js';
import { SurveyedFiles } from './surveyedFiles.js';

/** Something in a file. `name`: what it is called there, null when it needs none; `misfit`: why it is not the one. */
export type Found<Chosen> = {
  readonly name: string | null;
  readonly description: string;
  readonly misfit: string | null;
  readonly chosen: Chosen;
};

type Item<Chosen> = KeyedItem & { readonly chosen?: Chosen; readonly rank?: number };

/**
 * Asks which of all that `inFile` finds is meant, those that fit first. `beside`: a file whose folder may lie outside
 * of the workspace. `ofOther`: what is chosen of a file that the user opens instead; its survey is null where nobody
 * could look into it.
 */
export async function pickFound<Chosen>(
  step: Step,
  placeholder: string,
  { surveys, beside }: { readonly surveys: Surveys; readonly beside: vscode.Uri | null },
  inFile: (file: vscode.Uri, survey: FileSurvey) => readonly Found<Chosen>[],
  ofOther: (file: vscode.Uri, survey: FileSurvey | null) => Answer<Chosen> | Promise<Answer<Chosen>>,
): Promise<Answer<Chosen>> {
  const files = new SurveyedFiles(surveys, beside);
  const itemsOf = (uri: vscode.Uri, survey: FileSurvey): Item<Chosen>[] => {
    const { label, description: place } = fileItem(uri);
    return inFile(uri, survey).map(({ name, description, misfit, chosen }) => ({
      key: `${uri.toString()}\n${name ?? ''}`,
      label: name === null ? label : `${label} · ${name}`,
      description: [description, place].filter((part) => part !== '').join('  '),
      ...(misfit === null ? {} : { detail: `$(warning) ${misfit}` }),
      chosen,
      rank: misfit === null ? 0 : 1,
    }));
  };
  try {
    await files.soon();
    const list = (): { readonly items: readonly Item<Chosen>[]; readonly busy: boolean } => {
      const items = files.all
        .flatMap(({ uri, surveyed }) => (surveyed?.kind === 'known' ? itemsOf(uri, surveyed.survey) : []))
        .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.key.localeCompare(b.key));
      const other = { key: 'other', label: `$(folder-opened) ${t('Another file…')}` };
      return { items: [...items, other], busy: !files.isComplete };
    };
    const answer = await pickGrowing(step, placeholder, list, files.onDidGrow);
    if (answer === undefined || answer === back) return answer;
    if (answer.chosen !== undefined) return answer.chosen;
  } finally {
    files.dispose();
  }
  const other = await openDialog(placeholder);
  if (other === undefined) return undefined;
  const surveyed = await surveys.of(other, { meant: true });
  return ofOther(other, surveyed.kind === 'known' ? surveyed.survey : null);
}
