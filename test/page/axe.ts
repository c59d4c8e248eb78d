// What axe finds on a page: serious and critical faults only.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type InPage = { axe?: { run(place: { include: readonly string[] }, options: RunOptions): Promise<AxeResults> } };

/**
 * The faults of some parts of the page, of any weight. What passes is counted by nobody, and no fault is told by a
 * selector: telling them takes axe half of its time. Style sheets are only loaded for a rule that is not among the
 * usual ones.
 */
async function faultsOf(
  page: Page,
  parts: readonly string[],
  rules: readonly string[] = [],
): Promise<AxeResults['violations']> {
  // Evaluated by the debugger, which the page's policy does not bind; once for each document.
  if (!(await page.evaluate(() => (window as unknown as InPage).axe !== undefined))) await page.evaluate(axe);
  const found = await page.evaluate(
    async ({ include, only }) =>
      (
        await (window as unknown as InPage).axe?.run(
          { include },
          {
            resultTypes: ['violations'],
            selectors: false,
            preload: false,
            ...(only.length > 0 ? { runOnly: only } : {}),
          },
        )
      )?.violations,
    { include: parts, only: [...rules] },
  );
  if (found === undefined) throw new Error('axe is not in the page.');
  return found;
}

const told = ({ id, nodes }: AxeResults['violations'][number]): string =>
  `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ''}`).join('\n  ')}`;

/** Of some parts of the page; one text each. */
export const violationsOf = async (page: Page, parts: readonly string[] = ['html']): Promise<string[]> =>
  (await faultsOf(page, parts)).filter(({ impact }) => impact === 'serious' || impact === 'critical').map(told);

/** Every fault, slight ones too; with `rules`, of these alone. */
export const allViolationsOf = async (
  page: Page,
  parts: readonly string[],
  rules: readonly string[] = [],
): Promise<string[]> => (await faultsOf(page, parts, rules)).map(told);
