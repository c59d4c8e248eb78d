// Restricted Mode: a folder whose authors nobody trusts. Nothing that it holds is ever executed, so all works there as
// anywhere else.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const restricted = async (workbench: Workbench): Promise<boolean> =>
  (await workbench.statusBar()).some((text) => text.includes('Restricted Mode'));

describe('a folder that is not trusted', () => {
  scenario(
    'is run, followed and mended as any other, and nothing is written into it',
    { trusted: false },
    async (workbench) => {
      await workbench.until('Restricted Mode', () => restricted(workbench));
      const folder = path.join(workbench.folder, 'vanishing');
      const config = path.join(folder, 'vanishing.rnn.json');
      const before = readFileSync(config);
      await workbench.openFile('vanishing.rnn.json');
      assert.equal(await workbench.palette('Run RNN'), 'Run RNN');
      await workbench.badge(/vanishing/i);
      await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
      await workbench.badge(/exploding/i);
      await workbench.replaceInEditor('tanh', 'tahn');
      await workbench.until('the problem', async () =>
        (await workbench.problems()).some(({ text }) => text.includes('"tahn" is no value of "cell"')),
      );
      await workbench.replaceInEditor('tahn', 'tanh');
      await workbench.palette('RNN: Initialise Weights');
      for (const [question, answer] of [
        [/Initialise[^]*Wx[^]*Wh/, 'Wh'],
        [/Initialise Wh/, 'Orthogonal'],
        [/Seed/, '1'],
      ] as const)
        await workbench.answer(question, answer);
      await workbench.badge(/healthy/i);
      assert.deepEqual(readdirSync(folder), ['vanishing.rnn.json']);
      assert.deepEqual(readFileSync(config), before);
      assert.equal(await restricted(workbench), true, 'nobody has asked for trust');
    },
  );

  scenario(
    'has the preview, new configs, links and files that are followed, too',
    { trusted: false },
    async (workbench) => {
      await workbench.until('Restricted Mode', () => restricted(workbench));
      await workbench.openFile('weather.rnn.json');
      await workbench.palette('RNN: Open Gradient Preview to the Side');
      await workbench.badge(/vanishing/i);
      const weights = path.join(workbench.folder, 'weather', 'weights.json');
      const { Wx, Wh, b } = JSON.parse(readFileSync(weights, 'utf8')) as Readonly<
        Record<'Wx' | 'Wh' | 'b', number[][]>
      >;
      writeFileSync(
        weights,
        JSON.stringify({
          Wx: Wx.map((row) => row.map(() => 0)),
          Wh: Wh.map((row, i) => row.map((_, j) => (i === j ? 1 : 0))),
          b: b.map((row) => row.map(() => 0)),
        }),
      );
      await workbench.badge(/healthy/i);
      await workbench.palette('RNN: Create an Example Config');
      await workbench.answer(/Exploding/, 'Exploding');
      await workbench.badge(/exploding/i);
      assert.deepEqual(
        (await workbench.notifications()).filter((text) => /restrict|trust/i.test(text)),
        [],
      );
    },
  );
});
