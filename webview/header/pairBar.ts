// What stands in the head of a panel that has no config: how it becomes one, and how other sequences are run.
import { el } from '../widgets/dom.js';
import { inReport } from '../page/inReport.js';
import { t } from '../page/l10n.js';
import { button } from '../widgets/controls.js';
import type { Model } from '../page/model.js';

export type PairActions = {
  saveAsConfig(): void;
  chooseSequences(): void;
};

/** Whether a config stands behind what the page shows. */
export const hasConfig = ({ status }: Pick<Model, 'status'>): boolean => status?.entry.kind !== 'pair';

export class PairBar {
  readonly element: HTMLElement;

  constructor(actions: PairActions) {
    this.element = el(
      'div',
      { class: 'pair', attributes: { role: 'group', 'aria-label': t('Without a config') } },
      el('span', {}, t('Without a config')),
      button(t('Save as config…'), 'secondary', t('Save weights and sequences as a config that can be changed'), () =>
        actions.saveAsConfig(),
      ),
      button(t('Choose other sequences…'), 'secondary', t('Run the same weights on other sequences'), () =>
        actions.chooseSequences(),
      ),
    );
    this.element.hidden = true;
  }

  show(model: Model): void {
    this.element.hidden = inReport || hasConfig(model);
  }
}
