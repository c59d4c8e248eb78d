// Configs that name what is no file, or no file that ends: they are told about, and the window lives on.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { makeSpecialFiles, specialFiles } from '../support/specialFiles.js';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

/** The texts of the Problems panel once all of these are among them; says after how many milliseconds they were. */
async function told(workbench: Workbench, says: readonly RegExp[]): Promise<string[]> {
  const from = performance.now();
  let texts: string[] = [];
  await workbench.until(says.join(' and '), async () => {
    texts = (await workbench.problems()).map(({ text }) => text);
    return says.every((sentence) => texts.some((text) => sentence.test(text)));
  });
  console.log(`      told after ${Math.round(performance.now() - from)} ms`);
  return texts;
}

describe('a config that names special files', () => {
  scenario('has a problem for each, and others are still read, run and followed', {}, async (workbench) => {
    const server = await makeSpecialFiles(workbench.folder);
    try {
      const write = (name: string, content: unknown): void =>
        writeFileSync(path.join(workbench.folder, name), JSON.stringify(content));
      const weights = { Wx: [[1]], Wh: [[0.5]], b: [0] };
      write('each.rnn.json', { weights, sequences: specialFiles.map(({ name }) => name) });
      // More than Node has threads for the disk.
      write('pipes.rnn.json', {
        weights: 'pipe.json',
        sequences: Array.from({ length: 8 }, () => 'pipe.json'),
        initialState: 'link.json',
      });
      await workbench.openFile('pipes.rnn.json');
      await told(workbench, [/"pipe\.json" is a pipe/, /"link\.json" is a pipe/]);
      await workbench.openFile('each.rnn.json');
      await told(
        workbench,
        specialFiles.map(({ says }) => says),
      );
      await workbench.palette('Run RNN');
      const panel = workbench.webview();
      await panel.getByText('This experiment cannot run yet').waitFor();
      await panel.getByText('"/dev/zero" is a device, not a file.').first().waitFor();
      // The same process reads, runs and follows another one.
      await workbench.openFile('vanishing.rnn.json');
      await workbench.palette('Run RNN');
      await workbench.badge(/vanishing/i);
      await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
      await workbench.badge(/exploding/i);
      assert.deepEqual(
        workbench.log.filter((line) => /extension host.*(terminated|unresponsive)/i.test(line)),
        [],
      );
    } finally {
      server.close();
    }
  });
});
