// What it takes to ask the worker thread something.
import path from 'node:path';
import { EngineClient } from '../../src/worker/thread/client.js';
import type { Section } from './bench.js';
import { median } from './measure.js';

const questions = 50;

export const worker: Section = {
  name: 'worker',
  run: async (_, say) => {
    const nothing = (): undefined => undefined;
    const client = new EngineClient({
      workerPath: path.resolve('out', 'bench', 'worker.cjs'),
      readFile: ({ reference: id }) => ({ ok: false, id, reason: 'missing', detail: '' }),
      events: { progress: nothing, problems: nothing, summary: nothing, spectrum: nothing, failed: nothing },
      onCrash: nothing,
    });
    const times: number[] = [];
    for (let i = 0; i < questions; i++) {
      const start = performance.now();
      await client.request('survey', { bytes: new TextEncoder().encode('{}'), cancel: null });
      times.push(performance.now() - start);
    }
    client.dispose();
    say('## The worker\n');
    say(
      `Started and answered after ${(times[0] ?? NaN).toFixed(0)} ms, then ` +
        `${median(times.slice(1)).toFixed(3)} ms a question.`,
    );
  },
};
