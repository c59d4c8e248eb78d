import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { errorStack } from '../../protocol/index.js';
import type { Inspection, PartFacts, PartInfo } from '../../protocol/index.js';
import { toRange } from './diagnostics.js';
import { layerText } from './gateNames.js';
import { gateTable } from './gateTable.js';
import { implications, listed, round } from './matrixInsights.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subject, Subjects } from '../following/experimentLookup.js';
import { isToldByJson } from './jsonDiagnosticFilter.js';

/** How long a hover waits for arithmetic before it shows what is known without, ms. */
const patience = 1_500;

const axes: Readonly<Partial<Record<PartInfo['role'], readonly string[]>>> = {
  sequences: ['B', 'T', 'I'],
  initialState: ['B', 'H'],
  upstreamGradient: ['B', 'T', 'H'],
  readout: ['H', 'O'],
};

/** Names of the axes of weights, as their layout stores them: with their gates, and the directions of a stack. */
export function weightAxes({ role, shape, transposed, blocks }: PartInfo): readonly string[] {
  const gates = blocks?.gates.length ?? 1;
  const stacked = blocks?.stacked === true;
  const width = gates === 1 ? 'H' : `${gates}·H`;
  if (role === 'bias') {
    const own = stacked ? `${2 * gates}·H` : width;
    return shape?.length === 2 ? [stacked ? 'D' : String(shape[0]), own] : [own];
  }
  const matrix = [role === 'input' ? 'I' : 'H', width];
  return [...(stacked ? ['D'] : []), ...(transposed ? matrix.toReversed() : matrix)];
}

const isWeight = ({ role }: PartInfo): boolean => role === 'input' || role === 'recurrent' || role === 'bias';

/** The shape with the names of its axes, as the file stores it: `[H, I] = [32, 4]`. */
export function shapeText(part: PartInfo): string {
  const { role, shape, transposed } = part;
  if (shape === null) return t('ragged');
  if (isWeight(part)) {
    const names = weightAxes(part);
    const sizes = `[${shape.join(', ')}]`;
    return names.length === shape.length ? `[${names.join(', ')}] = ${sizes}` : sizes;
  }
  const names = role === 'readoutBias' ? [...(shape.length === 2 ? ['1'] : []), 'O'] : axes[role];
  const sizes = `[${shape.join(', ')}]`;
  if (role === 'sequences' && transposed && shape.length === 3) return `[T, B, I] = ${sizes}`;
  if (names === undefined || shape.length === 0) return sizes;
  const fitting = names.slice(-shape.length);
  return fitting.length < shape.length
    ? sizes
    : `[${(transposed && role !== 'sequences' ? fitting.toReversed() : fitting).join(', ')}] = ${sizes}`;
}

class PartHover implements vscode.HoverProvider {
  constructor(readonly subjects: Subjects) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | null> {
    const subject = await this.subjects.of(document, token);
    if (subject === null) return null;
    const part = subject.inspection.parts.find(
      ({ file, key, value }) =>
        file === subject.file && (toRange(value).contains(position) || toRange(key).contains(position)),
    );
    if (part !== undefined) return this.#ofPart(subject, document, part, position, token);
    const link = subject.inspection.links.find(
      ({ file, range }) => file === subject.file && withQuotes(toRange(range)).contains(position),
    );
    const named = link === undefined ? [] : subject.inspection.parts.filter(({ file }) => file === link.target);
    if (link === undefined || named.length === 0) return null;
    return new vscode.Hover(
      new vscode.MarkdownString(named.map((one) => `- \`${one.name}\` ${shapeText(one)}${rangeText(one)}`).join('\n')),
      withQuotes(toRange(link.range)),
    );
  }

  async #ofPart(
    { config, inspection }: Subject,
    document: vscode.TextDocument,
    part: PartInfo,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | null> {
    const asked = this.subjects.inspections.facts(config, document.uri, position, token);
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), patience));
    const facts = await Promise.race([asked, late]);
    if (facts === null || token.isCancellationRequested) return null;
    if (facts === 'late') asked.catch((error: unknown) => this.subjects.inspections.log.error(errorStack(error)));
    const text =
      facts === 'late'
        ? [head(part), numbersLine(part), t('Its singular values are still being computed; hover again for them.')]
        : describe(facts, inspection);
    const { key, value } = part;
    return new vscode.Hover(
      new vscode.MarkdownString(text.filter((line) => line !== '').join('\n\n')),
      toRange(key).contains(position) ? toRange(key) : toRange(value),
    );
  }
}

/** Text as it stands; MarkdownString's own way leaves no space at which a line could end. */
const literal = (text: string): string => text.replaceAll(/[\\`*_{}[\]()#+\-!~<>|]/g, '\\$&');

/** How to mend what VS Code's own JSON has marked: it says only what is wrong. */
class AdviceHover implements vscode.HoverProvider {
  constructor(readonly subjects: Subjects) {}

  async provideHover(
    document: vscode.TextDocument,
    position: vscode.Position,
    token: vscode.CancellationToken,
  ): Promise<vscode.Hover | null> {
    const subject = await this.subjects.of(document, token);
    const problem = subject?.inspection.problems.find(
      (one) => one.file === subject.file && toRange(one.range).contains(position) && isToldByJson(one),
    );
    return problem === undefined
      ? null
      : new vscode.Hover(new vscode.MarkdownString(literal(problem.advice)), toRange(problem.range));
  }
}

const withQuotes = (range: vscode.Range): vscode.Range =>
  new vscode.Range(range.start.translate(0, -1), range.end.translate(0, 1));

/** Of numbers that are not all finite nothing is computed; how many they are is told. */
const isTold = (numbers: PartInfo['numbers']): numbers is NonNullable<typeof numbers> =>
  numbers !== null && numbers.count > 0 && numbers.notFinite === 0;

const rangeText = ({ numbers }: PartInfo): string =>
  !isTold(numbers) ? '' : `, ${round(numbers.min)} … ${round(numbers.max)}`;

function head(part: PartInfo): string {
  const layer = part.layer === null ? null : layerText(part.layer);
  const title = [`**${part.name}** ${shapeText(part)}`, ...(layer === null ? [] : [layer])].join(' · ');
  if (part.role === 'sequences' && part.shape?.length === 2) return t('{0}: one sequence', title);
  if (part.transposed && part.role !== 'sequences') {
    return part.blocks === null
      ? t('{0}, stored for column vectors; read as its transpose', title)
      : t('{0}, stored for column vectors; read as its transpose (H = {1})', title, part.blocks.H);
  }
  return title;
}

function numbersLine({ numbers }: PartInfo): string {
  if (!isTold(numbers)) return '';
  return t(
    'min {0} · mean {1} · max {2} · ‖·‖_F {3}',
    round(numbers.min),
    round(numbers.mean),
    round(numbers.max),
    round(numbers.frobenius),
  );
}

function describe(facts: PartFacts, inspection: Inspection): string[] {
  const { part, matrix, element, inputs } = facts;
  const lines = [head(part), numbersLine(part)];
  if (matrix !== null && !Number.isNaN(matrix.sigmaMax)) {
    const square = [
      ...(matrix.spectralRadius === null ? [] : [t('spectral radius {0}', round(matrix.spectralRadius))]),
      ...(matrix.orthogonalityError === null ? [] : [`‖WᵀW − I‖_F ${round(matrix.orthogonalityError)}`]),
    ];
    lines.push([`σ_max ${round(matrix.sigmaMax)}`, ...(part.role === 'recurrent' ? square : [])].join(' · '));
  }
  lines.push(gateTable(facts));
  if (inputs !== null && (inputs.dead.length > 0 || inputs.constant.length > 0)) {
    lines.push(
      [
        ...(inputs.dead.length > 0 ? [t('dead inputs: {0}', listed(inputs.dead))] : []),
        ...(inputs.constant.length > 0 ? [t('constant inputs: {0}', listed(inputs.constant))] : []),
      ].join(' · '),
    );
  }
  lines.push(...implications(facts, inspection));
  if (element !== null) lines.push(`\`${part.name}[${element.indices.join('][')}]\` = ${element.value}`);
  return lines;
}

export const registerHover = (subjects: Subjects): vscode.Disposable =>
  vscode.Disposable.from(
    vscode.languages.registerHoverProvider(jsonSelector, new PartHover(subjects)),
    vscode.languages.registerHoverProvider(jsonSelector, new AdviceHover(subjects)),
  );
