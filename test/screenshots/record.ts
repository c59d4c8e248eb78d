// The README's film: an LSTM whose gradient vanishes is mended by one edit while its picture follows.
import { writeFile } from 'node:fs/promises';
import { animatedPng } from '../support/animatedPng.js';
import type { Frame } from '../support/animatedPng.js';
import { Workbench } from '../support/workbench.js';

const edit = { from: '-1, -1, -1', to: '3, 3, 3' };

/** Takes pictures of a window while it changes, and writes them as one. */
export async function record(file: string): Promise<void> {
  const workbench = await Workbench.open({
    width: 1120,
    height: 640,
    settings: {
      'workbench.colorTheme': 'Default Dark Modern',
      'workbench.activityBar.location': 'hidden',
      'editor.minimap.enabled': false,
      'breadcrumbs.enabled': false,
      'window.menuBarVisibility': 'hidden',
      'window.commandCenter': false,
      // What is typed is run once it is whole: each key takes as long as its picture.
      'rnnGradients.followDelay': 2_000,
    },
  });
  const { page } = workbench;
  const frames: Frame[] = [];
  const take = async (ms: number): Promise<void> => {
    frames.push({ png: await page.screenshot(), ms });
  };
  try {
    await workbench.openFile('lstm-forget-bias.rnn.json');
    await workbench.palette('View: Close Primary Side Bar');
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    const sash = page.locator('.monaco-sash.vertical:not(.disabled)').last();
    const box = await sash.boundingBox();
    if (box === null) throw new Error('The border between the editor groups is not there.');
    await page.mouse.move(box.x + box.width / 2, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(400, box.y + 200, { steps: 8 });
    await page.mouse.up();
    // Selects what is going to change; the same text takes its place, so that nothing has changed yet.
    await workbench.replaceInEditor(edit.from, edit.from);
    await page.mouse.move(5, 5);
    await workbench.webview().locator('[data-track=flow] canvas').first().waitFor();
    await page.waitForTimeout(4_000);
    await take(2_000);
    for (let left = edit.from.length; left > 0; left--) await page.keyboard.press('Shift+ArrowLeft');
    await take(900);
    for (const key of edit.to) {
      await page.keyboard.type(key);
      await take(110);
    }
    await take(500);
    await workbench.badge(/healthy/i);
    // Until nothing moves any more.
    for (let i = 0; i < 6; i++) {
      await page.waitForTimeout(250);
      await take(i === 5 ? 4_000 : 120);
    }
    await writeFile(file, animatedPng(frames));
  } finally {
    await workbench.close();
  }
}
