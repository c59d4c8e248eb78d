// `npm run screenshots`: takes the README's pictures in a real VS Code, so that they show what the product is today.
// `npm run screenshots -- film` or `-- stills` takes the animated one or the others alone.
import { mkdir } from 'node:fs/promises';
import { Workbench } from '../support/workbench.js';
import { choose } from '../support/menus.js';
import { record } from './record.js';

const folder = 'media/screenshots';
const themes = { dark: 'Default Dark Modern', light: 'Default Light Modern' } as const;

await mkdir(folder, { recursive: true });
const only = process.argv[2];
if (only !== 'stills') await record(`${folder}/mended.png`);
for (const [name, theme] of only === 'film' ? [] : Object.entries(themes)) {
  const workbench = await Workbench.open({
    width: 1480,
    height: 1000,
    deviceScaleFactor: 1.5,
    settings: {
      'workbench.colorTheme': theme,
      'workbench.activityBar.location': 'hidden',
      'editor.minimap.enabled': false,
      'breadcrumbs.enabled': false,
      'window.menuBarVisibility': 'hidden',
    },
  });
  try {
    await workbench.openFile('weather.rnn.json');
    await workbench.palette('View: Close Primary Side Bar');
    await workbench.palette('Run RNN');
    await workbench
      .webview()
      .locator('.badge')
      .filter({ hasText: /vanishing/i })
      .waitFor();
    // The panel gets the larger part of the window: its left border is dragged.
    const sash = workbench.page.locator('.monaco-sash.vertical:not(.disabled)').last();
    const box = await sash.boundingBox();
    if (box === null) throw new Error('The border between the editor groups is not there.');
    await workbench.page.mouse.move(box.x + box.width / 2, box.y + 300);
    await workbench.page.mouse.down();
    await workbench.page.mouse.move(430, box.y + 300, { steps: 8 });
    await workbench.page.mouse.up();
    // The time that it tells is that of a thread that has run before.
    for (let again = 0; again < 5; again++) {
      await choose(workbench.webview(), '.bar', 'Run again');
      await workbench.page.waitForTimeout(500);
    }
    await workbench.page.locator('.editor-group-container').first().locator('.tab.active').click();
    await workbench.webview().locator('[data-track=hiddenMap] .colour-bar').waitFor();
    await workbench.page.mouse.move(5, 5);
    await workbench.page.waitForTimeout(1_000);
    await workbench.screenshot(`${folder}/weather-${name}.png`);
  } finally {
    await workbench.close();
  }
}
