// Steps in the order of computing and positions in the sequence: there and back, in labels, on the axis and in tables.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timeTicks } from '../../../webview/chart/axis.js';
import { inPositions } from '../../../webview/page/positionRows.js';
import { chunkAt, formulaOf, namedStep, positionOf, positionsOf, stepsName } from '../../../webview/page/stepLabels.js';
import { Timeline } from '../../../webview/page/timeline.js';
import type { RunSummary } from '../../../webview/page/model.js';
import type { PageState } from '../../../webview/page/pageState.js';
import type { TablePlan } from '../../../webview/page/tablePlan.js';

type Direction = 'forward' | 'reverse';
const runOf = (direction: Direction, T: number, chunkStarts: readonly number[] = [0]): RunSummary =>
  ({
    layers: [{ direction }],
    chunkStarts,
    shapes: { B: 2, T, I: 1, H: 1 },
    labels: { texts: Array.from({ length: 2 * T }, (_, i) => `day ${i}`), stride: T },
  }) as unknown as RunSummary;
const steps = (T: number): number[] => Array.from({ length: T }, (_, t) => t);

describe('the position of a step', () => {
  it('is the step of a forward direction', () => {
    const run = runOf('forward', 7, [0, 3]);
    assert.deepEqual(
      steps(7).map((t) => positionOf(run, t)),
      steps(7),
    );
    assert.deepEqual(positionsOf(run, 1, 5), [1, 5]);
    assert.equal(namedStep(run, 2, 1), 't = 2 · day 9');
  });

  it('counts from the end of each chunk of a reverse direction, and leads back', () => {
    const run = runOf('reverse', 7, [0, 3]);
    assert.deepEqual(
      steps(7).map((t) => positionOf(run, t)),
      [2, 1, 0, 6, 5, 4, 3],
    );
    assert.deepEqual(
      steps(7).map((t) => positionOf(run, positionOf(run, t))),
      steps(7),
    );
    assert.deepEqual(
      [chunkAt(run, 2), chunkAt(run, 3)],
      [
        [0, 3],
        [3, 7],
      ],
    );
    assert.equal(namedStep(run, 4, 1), 't = 5 · day 12');
    assert.equal(namedStep(null, 4, 1), 't = 4');
  });

  it('names steps that stand for each other from the lowest to the highest', () => {
    const run = runOf('reverse', 7, [0, 3]);
    assert.equal(stepsName(run, 3, 3), 't = 6');
    assert.equal(stepsName(run, 3, 5, 's'), 's = 4 … 6');
    // Across a border both chunks have a part of theirs: from the first position to the last one.
    assert.equal(stepsName(run, 1, 4), 't = 0 … 6');
  });
});

describe('a formula', () => {
  it('has the neighbours of a step where the direction has them', () => {
    for (const [forward, reverse] of [
      ['h_t = f(h_{t−1}·Wh + x_t·Wx + b)', 'h_t = f(h_{t+1}·Wh + x_t·Wx + b)'],
      ['g_t = dhs_t + g_{t+1}·J_{t+1}', 'g_t = dhs_t + g_{t−1}·J_{t−1}'],
      ['→ t+1, dh: from step t + 1', '→ t−1, dh: from step t − 1'],
      ['Σ_{s ≥ t} c_{t,s}   c_{t−1,s}', 'Σ_{s ≤ t} c_{t,s}   c_{t+1,s}'],
      ['c_{t,t+k}   Π_{τ>t} f_τ', 'c_{t,t−k}   Π_{τ<t} f_τ'],
      ['‖∂h_{t+l}/∂h_t‖_2', '‖∂h_{t−l}/∂h_t‖_2'],
      ['‖g_0‖ / ‖g_{T−1}‖', '‖g_{T−1}‖ / ‖g_0‖'],
      ['‖∂h_{T−1}/∂h_{−1}‖_2', '‖∂h_0/∂h_T‖_2'],
      ['‖∂s_{T−1}/∂s_{−1}‖_2', '‖∂s_0/∂s_T‖_2'],
      ['dst+1 1/T·Σ_t n−1', 'dst+1 1/T·Σ_t n−1'],
    ] as const) {
      assert.equal(formulaOf(runOf('reverse', 3), forward), reverse);
      assert.equal(formulaOf(runOf('forward', 3), forward), forward);
      assert.equal(formulaOf(null, forward), forward);
    }
  });
});

describe('the time axis of a reverse direction', () => {
  it('has round positions, from the last to the first', () => {
    const run = runOf('reverse', 30);
    const labels = (t0: number, t1: number, width: number): number[] =>
      timeTicks(run, { t0, t1 }, width).map((t) => positionOf(run, t));
    assert.deepEqual(labels(0, 30, 240), [20, 10, 0]);
    assert.deepEqual(labels(0, 30, 480), [25, 20, 15, 10, 5, 0]);
    assert.deepEqual(labels(12, 17, 900), [17, 16, 15, 14, 13]);
  });

  it('begins anew in each chunk, and leaves labels their room', () => {
    const run = runOf('reverse', 62, [0, 31]);
    const ticks = timeTicks(run, { t0: 0, t1: 62 }, 420);
    assert.deepEqual(
      ticks.map((t) => positionOf(run, t)),
      [30, 20, 10, 0, 50, 40],
    );
    assert.deepEqual(ticks, [0, 10, 20, 30, 42, 52]);
  });

  it('keeps what has room between labels of short chunks', () => {
    const starts = Array.from({ length: 4 }, (_, i) => 7 * i);
    assert.deepEqual(timeTicks(runOf('reverse', 28, starts), { t0: 0, t1: 28 }, 240), [6, 14]);
    assert.deepEqual(timeTicks(runOf('reverse', 28, starts), { t0: 8, t1: 22 }, 240), [10, 14, 19]);
  });

  it('stays where it was for a forward one', () => {
    assert.deepEqual(timeTicks(runOf('forward', 30), { t0: 3, t1: 30 }, 240), [10, 20]);
  });
});

describe('a table of steps', () => {
  const heading = { title: 't', csv: 't' };
  const field = (step: number) => [{ text: String(step), exact: String(step) }];
  const plan = (rowCount: number, of: (row: number) => number = (row) => row): TablePlan => ({
    rowHeading: heading,
    columns: [],
    rowCount,
    rows: (from, to) =>
      Promise.resolve(
        steps(rowCount)
          .slice(from, to)
          .map((row) => field(of(row))),
      ),
  });
  const read = async (given: TablePlan, from = 0, to = given.rowCount): Promise<string[]> =>
    (await given.rows(from, to)).map(([cell], i) => `${given.rowLabel?.(from + i) ?? from + i}: ${cell?.exact ?? ''}`);

  it('stands in the order of positions, whichever rows are asked for', async () => {
    const run = runOf('reverse', 5, [0, 3]);
    const told = inPositions(plan(5), run);
    assert.deepEqual(await read(told), ['0: 2', '1: 1', '2: 0', '3: 4', '4: 3']);
    assert.deepEqual(await read(told, 1, 4), ['1: 1', '2: 0', '3: 4']);
    assert.deepEqual(
      steps(5).map((t) => told.rowOf?.(t)),
      [2, 1, 0, 4, 3],
    );
  });

  it('of some of the steps has those', async () => {
    const known = Float64Array.of(0, 2, 6, 9);
    const told = inPositions(
      { ...plan(4, (row) => known[row]!), steps: known, rowOf: (t) => known.indexOf(t) },
      runOf('reverse', 10),
    );
    assert.deepEqual(await read(told), ['0: 9', '3: 6', '7: 2', '9: 0']);
    assert.deepEqual([...(told.steps ?? [])], [0, 3, 7, 9]);
    assert.equal(told.rowOf?.(6), 1);
  });

  it('of several steps in a row keeps the names that these have', async () => {
    const given = {
      ...plan(2),
      rowHeading: { title: 's', csv: 's' },
      span: (row: number) => [3 * row, 3 * row + 2] as const,
      rowLabel: (row: number) => `row ${row}`,
    };
    assert.deepEqual(await read(inPositions(given, runOf('reverse', 6))), ['row 1: 1', 'row 0: 0']);
  });

  it('is the same one where nothing has to be turned', () => {
    const given = plan(5);
    assert.equal(inPositions(given, runOf('forward', 5)), given);
    const others = { ...given, rowHeading: { title: 'unit', csv: 'unit' } };
    assert.equal(inPositions(others, runOf('reverse', 5)), others);
  });
});

describe('what is looked at', () => {
  const memoryOf = (kept: Record<string, unknown>): PageState =>
    ({
      read: () => kept,
      write: (_: string, value: object) => void Object.assign(kept, value),
    }) as unknown as PageState;

  it('stays at its positions when a layer of the other direction is shown, also after a reload', () => {
    const kept: Record<string, unknown> = {};
    const timeline = new Timeline(memoryOf(kept));
    timeline.setRun(runOf('forward', 30), 29, null);
    timeline.pin(12);
    timeline.zoomTo(10, 19);
    timeline.setRun(runOf('reverse', 30), 29, null);
    assert.equal(timeline.cursor, 17);
    assert.deepEqual(timeline.window, { t0: 10, t1: 20 });
    timeline.zoomTo(4, 9);
    const again = new Timeline(memoryOf({ ...kept }));
    again.setRun(runOf('reverse', 30), 29, null);
    assert.deepEqual([again.cursor, again.window], [17, { t0: 4, t1: 10 }]);
    again.setRun(runOf('forward', 30), 29, null);
    assert.deepEqual([again.cursor, again.window], [12, { t0: 20, t1: 26 }]);
  });

  it('follows a run of another length, also after a reload, until the user zooms', () => {
    const kept: Record<string, unknown> = {};
    const timeline = new Timeline(memoryOf(kept));
    const end = (T: number) => ({ t0: T - 50, t1: T });
    timeline.setRun(runOf('forward', 6000), 5999, end(6000));
    assert.deepEqual(timeline.window, end(6000));
    // Where the gradient reaches farther after an edit, the old window shows by how much.
    timeline.setRun(runOf('forward', 6000), 5999, { t0: 5000, t1: 6000 });
    assert.deepEqual(timeline.window, end(6000));
    timeline.setRun(runOf('forward', 50), 49, null);
    assert.deepEqual([timeline.zoomed, timeline.window], [false, { t0: 0, t1: 50 }]);
    timeline.setRun(runOf('forward', 20_000), 19_999, end(20_000));
    assert.deepEqual(timeline.window, end(20_000));
    timeline.pin(19_990);
    const again = new Timeline(memoryOf({ ...kept }));
    again.setRun(runOf('forward', 9000), 8999, end(9000));
    assert.deepEqual(again.window, end(9000));
    again.zoomTo(100, 199);
    again.setRun(runOf('forward', 6000), 5999, end(6000));
    assert.deepEqual(again.window, { t0: 100, t1: 200 });
    again.resetZoom();
    again.setRun(runOf('forward', 20_000), 19_999, end(20_000));
    assert.equal(again.zoomed, false);
  });
});
