// The walkthrough: each of its links does what it says with the walkthrough in front, and each step is ticked off when
// it is done, not before.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const steps = ['create', 'run', 'read', 'mend', 'network', 'pytorch'] as const;
type StepId = (typeof steps)[number];

const step = (workbench: Workbench, id: StepId): Locator =>
  workbench.page.locator(`.getting-started-step[data-step-id$="#${id}"]`);
const tab = (workbench: Workbench, label: string): Locator => workbench.page.locator('.tab').filter({ hasText: label });
const picker = (workbench: Workbench): Locator =>
  workbench.page.locator('.quick-input-widget').filter({ visible: true });

/**
 * Brings the walkthrough to the front unless it is there: of other slides of the welcome page its steps are disabled.
 */
async function open(workbench: Workbench): Promise<void> {
  // At once: what a link opened may cover the walkthrough at any moment.
  const enabled = workbench.page.locator('.getting-started-step:enabled').first();
  if (await enabled.isVisible()) return;
  // Its tab is there once it was opened, and a click on it costs less than the palette and its question.
  const welcome = tab(workbench, 'Welcome');
  if ((await welcome.count()) > 0) {
    await welcome.first().click();
    const shown = await enabled.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (shown) return;
  }
  await workbench.palette('Welcome: Open Walkthrough');
  await workbench.answer(/See whether a recurrent/, 'See whether a recurrent network can learn');
  // It takes the focus late; keys before that would be lost.
  await workbench.page.locator('.getting-started-step:focus').waitFor();
}

/** Opens a step and follows one of its links. */
async function follow(workbench: Workbench, id: StepId, link: string): Promise<void> {
  await open(workbench);
  if ((await step(workbench, id).getAttribute('aria-expanded')) !== 'true') await step(workbench, id).click();
  await step(workbench, id).locator('.step-description-container').getByText(link, { exact: true }).click();
}

/** Answers a question once it is there; one to choose from with the words that it is known by. */
async function choose(workbench: Workbench, words: string, answer = words): Promise<void> {
  await workbench.answer(new RegExp(words), answer);
}

async function ticked(workbench: Workbench, done: readonly StepId[]): Promise<void> {
  let now: readonly StepId[] = [];
  await workbench.until(`the ticks ${done.join(', ')}`, async () => {
    await open(workbench);
    const found = await workbench.page
      .locator('.getting-started-step')
      .evaluateAll((elements) =>
        elements.map(
          (element) => [element.getAttribute('data-step-id'), element.getAttribute('aria-checked')] as const,
        ),
      );
    const checked = steps.map((id) => found.find(([name]) => name?.endsWith(`#${id}`) === true)?.[1]);
    // The walkthrough went out of sight while it was read.
    if (checked.includes(undefined)) return false;
    now = steps.filter((_, i) => checked[i] === 'true');
    return now.length >= done.length;
  });
  assert.deepEqual(now, done);
}

describe('the walkthrough', () => {
  const folder = { alone: 'window', workspace: 'examples/packed' } as const;
  scenario('leads from an example to a mended network by its links alone', folder, async (workbench) => {
    assert.equal(await workbench.page.locator('.gettingStartedContainer').count(), 0, 'nothing opens by itself');
    await workbench.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await ticked(workbench, []);
    await follow(workbench, 'create', 'Create RNN Config…');
    await picker(workbench).getByText('Create RNN Config').waitFor();
    await workbench.page.keyboard.press('Escape');
    await picker(workbench).waitFor({ state: 'hidden' });
    await ticked(workbench, []);

    await follow(workbench, 'create', 'an example');
    await choose(workbench, 'Vanishing');
    await workbench.page.locator('.tab.active').filter({ hasText: 'vanishing.rnn.json' }).waitFor();
    await ticked(workbench, ['create']);

    await follow(workbench, 'run', 'Run RNN');
    await workbench.badge(/vanishing/i);
    await ticked(workbench, ['create', 'run']);

    await follow(workbench, 'read', 'Show the Panel');
    await workbench.page
      .locator('.tab.active')
      .filter({ hasText: /RNN: vanishing/ })
      .waitFor();
    await ticked(workbench, ['create', 'run', 'read']);

    await follow(workbench, 'mend', 'Rescale the Recurrent Weights…');
    await choose(workbench, 'spectral radius');
    await choose(workbench, 'New spectral radius', '0.6');
    // What was changed is in sight, and undo is at hand.
    await workbench.page.locator('.tab.active').filter({ hasText: 'vanishing.rnn.json' }).waitFor();
    await workbench.page
      .locator('.view-line')
      .filter({ hasText: /0\.3,\s+0\.3,/ })
      .first()
      .waitFor();
    await ticked(workbench, ['create', 'run', 'read']);
    await follow(workbench, 'mend', 'Initialise Weights…');
    await choose(workbench, 'Wh');
    await choose(workbench, 'Orthogonal');
    await choose(workbench, 'Seed', '1');
    await workbench.badge(/healthy/i);
    await ticked(workbench, ['create', 'run', 'read', 'mend']);

    await follow(workbench, 'network', 'Open a Stack or the Weather');
    await choose(workbench, 'Weather, compared');
    // Its folder is made in the one that is open: three networks, each with its verdict.
    await workbench.webview().locator('[data-card=compare]', { hasText: 'GRU on daily weather' }).waitFor();
    await ticked(workbench, ['create', 'run', 'read', 'mend', 'network']);

    await follow(workbench, 'pytorch', 'Copy the Python Lines');
    await workbench.until('the lines on the clipboard', () =>
      workbench.page.evaluate(async () => (await navigator.clipboard.readText()).includes('model.state_dict()')),
    );
    await ticked(workbench, steps);
    await follow(workbench, 'pytorch', 'Create RNN Config…');
    await picker(workbench)
      .getByText('Where do the numbers come from?')
      .or(picker(workbench).getByPlaceholder('Where do the numbers come from?'))
      .first()
      .waitFor();
  });

  scenario('asks for a config where several could be meant', { alone: 'window' }, async (workbench) => {
    await follow(workbench, 'run', 'Open Gradient Preview to the Side');
    await choose(workbench, 'orthogonal.rnn.json');
    await workbench.badge(/healthy/i);
    await ticked(workbench, ['run']);
    await tab(workbench, 'RNN preview: orthogonal').locator('.tab-actions a').click();
    await follow(workbench, 'mend', 'Rescale the Recurrent Weights…');
    await choose(workbench, 'vanishing.rnn.json');
    await choose(workbench, 'spectral radius');
    await choose(workbench, 'New spectral radius', '0.6');
    await workbench.page.locator('.tab.active').filter({ hasText: 'vanishing.rnn.json' }).waitFor();
    await follow(workbench, 'read', 'Show the Panel');
    await workbench.badge(/vanishing/i);
    await ticked(workbench, ['run', 'read']);
  });
});
