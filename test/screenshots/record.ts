// The README's film: a gradient that vanishes is mended by one edit, and its picture follows.
import { writeFile } from 'node:fs/promises';
import { animatedPng } from '../support/animatedPng.js';
import type { Frame } from '../support/animatedPng.js';
import { Workbench } from '../support/workbench.js';

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
    },
  });
  const { page } = workbench;
  const frames: Frame[] = [];
  const take = async (ms: number): Promise<void> => {
    frames.push({ png: await page.screenshot(), ms });
  };
  /** Letter by letter, and three on a picture. */
  const type = async (text: string): Promise<void> => {
    for (let at = 0; at < text.length; at += 3) {
      await page.keyboard.type(text.slice(at, at + 3));
      await page.waitForTimeout(150);
      await take(150);
    }
  };
  try {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('View: Close Primary Side Bar');
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    // The panel gets the larger part of the window: its left border is dragged.
    const sash = page.locator('.monaco-sash.vertical:not(.disabled)').last();
    const box = await sash.boundingBox();
    if (box === null) throw new Error('The border between the editor groups is not there.');
    await page.mouse.move(box.x + box.width / 2, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(400, box.y + 200, { steps: 8 });
    await page.mouse.up();
    await page.locator('.tab').filter({ hasText: 'vanishing.rnn.json' }).first().click();
    await page.mouse.move(5, 5);
    await workbench.webview().locator('[data-track=flow] canvas').first().waitFor();
    await page.waitForTimeout(4_000);
    await take(2_500);

    await page.keyboard.press('F1');
    await page.waitForTimeout(800);
    await take(400);
    await type('rescale the recurrent weights');
    await page.waitForTimeout(800);
    await take(600);
    await page.keyboard.press('Enter');
    await workbench.asked(/Rescale Wh[^]*largest singular value/);
    await take(700);
    await type('largest');
    await take(500);
    await page.keyboard.press('Enter');
    await workbench.asked(/New largest singular value of Wh/);
    await take(500);
    await page.keyboard.press('Control+A');
    await type('1');
    await take(700);
    await page.keyboard.press('Enter');
    await workbench.badge(/healthy/i);
    // Until nothing moves any more.
    for (let i = 0; i < 6; i++) {
      await take(i === 5 ? 4_500 : 150);
      await page.waitForTimeout(300);
    }
    await writeFile(file, animatedPng(frames));
  } catch (error) {
    await workbench.screenshot('out/screenshots/film.failed.png');
    throw error;
  } finally {
    await workbench.close();
  }
}
