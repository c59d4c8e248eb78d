// What gradients are clipped by: the norm of those of all parameters that a framework would train, as torch tells it
// (test/fixtures/reference/README.md).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runExperiment } from '../../../src/engine/index.js';
import { readConfigText } from '../config/memory.js';
import { readJson } from '../engine/fixtures.js';

type Case = { readonly name: string; readonly config: object; readonly norm: number };
const { cases } = readJson('reference', 'clipping', 'cases.json') as { readonly cases: readonly Case[] };

describe('clipping counts the parameters that there are, each once', () => {
  for (const { name, config, norm } of cases)
    it(name, async () => {
      const { experiment, problems } = await readConfigText(JSON.stringify({ ...config, clip: { norm: norm / 4 } }));
      assert.ok(experiment !== null, JSON.stringify(problems));
      const { clipFactor } = finish(runExperiment(Infinity, experiment));
      assert.ok(clipFactor !== null && Math.abs(clipFactor * 4 - 1) < 1e-12, `${clipFactor}, not 0.25`);
    });
});
