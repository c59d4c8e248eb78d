import { t } from '@vscode/l10n';
import type { TextForm } from '../panel/index.js';
import type { CommandFactory } from './commandContext.js';
import { resultMeant } from './activeTarget.js';

/** Shows a text of the run that is meant. */
export const showText =
  (form: TextForm): CommandFactory =>
  (context) =>
  async () => {
    const title = form === 'whole' ? t('Show Result as Text') : t('Check Gradients by Finite Differences');
    const session = await resultMeant(context, title);
    if (session !== undefined) await context.texts.show(session, form);
  };
