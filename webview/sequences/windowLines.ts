// The sequences as lines over their steps, one of them in front; above them where the windows lie in all rows.
import type { PreviewLines, SequenceFacts } from '../../src/protocol/index.js';
import { ticksBetween } from '../chart/axis.js';
import { formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { Latest } from '../page/model.js';
import { dropdown, setOptions } from '../widgets/controls.js';
import { el, onFrame } from '../widgets/dom.js';
import { Slider } from '../widgets/slider.js';
import { shape, strokeOf } from './lineShape.js';
import type { Axes } from './lineShape.js';
import type { SequenceModel } from './sequenceModel.js';

/** Lines over each other; more could not be told apart. */
const mostLines = 24;
/** CSS pixels. */
const [height, stripHeight, left, right, below] = [220, 56, 56, 12, 22];

type Wanted = { readonly input: number; readonly first: number; readonly count: number; readonly maxPoints: number };

/** Which input of which sequence is looked at, both from 0. */
export type InFront = { readonly input: number; readonly sequence: number };

export class WindowLines {
  readonly element = el('section', { class: 'windows' });
  readonly #model: SequenceModel;
  readonly #title = el('h2');
  readonly #input = dropdown(t('Input'), (value) => this.#chooseInput(Number(value)));
  readonly #inputLabel = el('label', {}, el('span', {}, t('Input')), this.#input);
  readonly #slider: Slider;
  readonly #sliderLabel: HTMLElement;
  readonly #strip = el('div', { class: 'strip' });
  readonly #plot = el('div', { class: 'plot' });
  readonly #texts = el('ol', { class: 'texts' });
  readonly #told = el('p', { class: 'told', attributes: { role: 'status' } });
  readonly #keep: (inFront: InFront) => void;
  #chosen: number;
  #at: number;
  #inputs = '';
  #answer: { readonly lines: PreviewLines; readonly wanted: Wanted } | null = null;
  readonly #latest = new Latest(
    (wanted: Wanted) => this.#model.lines(wanted),
    (lines, wanted) => {
      if (lines === null) return;
      this.#answer = { lines, wanted };
      this.#draw();
    },
  );
  readonly #askSoon = onFrame(() => this.#ask());

  /** `kept`: what `keep` was told last, on an earlier page. */
  constructor(model: SequenceModel, kept: InFront, keep: (inFront: InFront) => void) {
    this.#model = model;
    this.#chosen = kept.sequence;
    this.#at = kept.input;
    this.#keep = keep;
    this.#slider = new Slider(
      t('Sequence'),
      this.#scale(1),
      (value) => this.#choose(Math.round(value) - 1),
      () => {
        const chosen = this.#chosen;
        return () => this.#choose(chosen);
      },
    );
    this.#sliderLabel = el('div', { class: 'field' }, el('span', {}, t('Sequence')), this.#slider.element);
    this.element.append(
      this.#title,
      el('div', { class: 'windows-choice' }, this.#inputLabel, this.#sliderLabel),
      this.#strip,
      this.#plot,
      this.#texts,
      this.#told,
    );
    this.#strip.addEventListener('click', ({ offsetX }) => this.#chooseAt(offsetX));
    new ResizeObserver(this.#askSoon).observe(this.element);
  }

  #scale(B: number) {
    return {
      min: 1,
      max: B,
      step: 1,
      allows: (value: number) => Number.isInteger(value) && value >= 1 && value <= B,
      wanted: t('Expected a whole number from 1 to {0}.', B),
      print: String,
    };
  }

  show(facts: SequenceFacts): void {
    const { B, inputs, windows, text } = facts;
    this.#title.textContent = windows === null ? t('Sequences') : t('Windows');
    this.#chosen = Math.min(this.#chosen, B - 1);
    this.#at = Math.min(this.#at, inputs.length - 1);
    const isText = text !== null && !text.embedded;
    this.#inputLabel.hidden = inputs.length < 2 || isText;
    const told = JSON.stringify(inputs);
    if (told !== this.#inputs)
      setOptions(
        this.#input,
        inputs.map((name, i) => [String(i), name]),
        String(this.#at),
      );
    this.#inputs = told;
    this.#sliderLabel.hidden = B < 2;
    this.#slider.scale = this.#scale(B);
    this.#slider.show(this.#chosen + 1);
    // What is on screen belongs to another reading until the next answer is there.
    this.#ask();
  }

  #chooseInput(input: number): void {
    if (input === this.#at) return;
    this.#at = input;
    this.#keep({ input, sequence: this.#chosen });
    this.#ask();
  }

  #choose(sequence: number): void {
    const B = this.#model.facts?.B ?? 1;
    this.#chosen = Math.max(0, Math.min(sequence, B - 1));
    this.#keep({ input: this.#at, sequence: this.#chosen });
    this.#slider.show(this.#chosen + 1);
    const { first, count } = this.#wanted();
    if (this.#answer !== null && this.#answer.wanted.first === first && this.#answer.wanted.count === count)
      this.#draw();
    else this.#ask();
  }

  /** The window that begins nearest to a place in all rows. */
  #chooseAt(x: number): void {
    const windows = this.#model.facts?.windows ?? null;
    const whole = this.#answer?.lines.whole ?? null;
    if (windows === null || whole === null) return;
    const rows = (whole.t.at(-1) ?? 0) + 1;
    const row = ((x - left) / Math.max(1, this.#width)) * (rows - 1);
    this.#choose(Math.round((row - windows.size / 2) / windows.stride));
  }

  get #width(): number {
    return Math.max(80, this.element.clientWidth - left - right);
  }

  /** The chosen one in the middle of as many as are drawn. */
  #wanted(): Wanted {
    const B = this.#model.facts?.B ?? 1;
    const count = Math.min(mostLines, B);
    const first = Math.max(0, Math.min(this.#chosen - Math.floor(count / 2), B - count));
    return { input: this.#at, first, count, maxPoints: Math.min(4096, 2 * Math.ceil(this.#width)) };
  }

  #ask(): void {
    if (this.#model.facts !== null) this.#latest.request(this.#wanted());
  }

  #draw(): void {
    const { facts } = this.#model;
    if (this.#answer === null || facts === null) return;
    const {
      lines: { lines, names, texts, whole, least, most },
      wanted: { first },
    } = this.#answer;
    const isText = texts !== null && facts.text?.embedded === false;
    const own = this.#chosen - first;
    this.#plot.hidden = isText;
    this.#texts.hidden = !isText;
    this.#strip.hidden = whole === null || facts.windows === null || facts.B < 2;
    if (isText) {
      this.#texts.start = first + 1;
      this.#texts.replaceChildren(
        ...texts.map((text, i) => el('li', { class: i === own ? 'chosen' : '' }, visible(text))),
      );
    } else {
      const half = least === most ? Math.abs(least) / 2 || 0.5 : 0;
      const [low, high] = [least - half, most + half];
      this.#drawPlot(lines, own, facts.T, low, high);
      if (whole !== null && facts.windows !== null) this.#drawStrip(whole, facts, low, high);
    }
    this.#told.textContent = this.#sentence(facts, names?.[own] ?? null);
  }

  #sentence({ B, windows, T, text }: SequenceFacts, names: readonly [string, string] | null): string {
    const parts = [t('Sequence {0} of {1}', this.#chosen + 1, B)];
    // Of a text the tokens stand there themselves.
    if (text !== null) return parts.join('');
    if (windows !== null) {
      const row = this.#chosen * windows.stride + 1;
      parts.push(t('rows {0} to {1}', row, row + T - 1));
    }
    if (names !== null && names[0] !== '') parts.push(`${visible(names[0])} … ${visible(names[1])}`);
    return parts.join(' · ');
  }

  #drawPlot(lines: PreviewLines['lines'], own: number, T: number, low: number, high: number): void {
    const width = this.#width;
    const axes: Axes = {
      x: (step) => left + (T < 2 ? width / 2 : (step / (T - 1)) * width),
      y: (value) => 6 + (1 - (value - low) / (high - low)) * (height - below - 12),
    };
    const ticks = ticksBetween(low, high, 5).map((value) => [
      shape('line', { class: 'grid', x1: left, x2: left + width, y1: axes.y(value), y2: axes.y(value) }),
      shape(
        'text',
        { class: 'tick', x: left - 6, y: axes.y(value) + 3.5, 'text-anchor': 'end' },
        formatNumber(value, 3),
      ),
    ]);
    const steps = ticksBetween(0, Math.max(1, T - 1), Math.max(2, width / 80), 1).map((step) =>
      shape('text', { class: 'tick', x: axes.x(step), y: height - 6, 'text-anchor': 'middle' }, String(step)),
    );
    const strokes = lines.map(
      (line, i) => [i, shape('path', { class: i === own ? 'line chosen' : 'line', d: strokeOf(line, axes) })] as const,
    );
    // The chosen one lies over the others.
    strokes.sort(([a], [b]) => Number(a === own) - Number(b === own));
    this.#plot.replaceChildren(
      picture(left + width + right, height, [...ticks.flat(), ...steps, ...strokes.map(([, stroke]) => stroke)]),
    );
  }

  #drawStrip(
    whole: NonNullable<PreviewLines['whole']>,
    { windows, B }: SequenceFacts,
    low: number,
    high: number,
  ): void {
    if (windows === null) return;
    const width = this.#width;
    const rows = (whole.t.at(-1) ?? 0) + 1;
    const axes: Axes = {
      x: (row) => left + (row / Math.max(1, rows - 1)) * width,
      y: (value) => 4 + (1 - (value - low) / (high - low)) * (stripHeight - 8),
    };
    const box = (sequence: number, name: string): SVGElement => {
      const from = sequence * windows.stride;
      return shape('rect', {
        class: name,
        x: axes.x(from),
        y: 1,
        width: Math.max(2, axes.x(from + windows.size - 1) - axes.x(from)),
        height: stripHeight - 2,
      });
    };
    // Every window, as far as their edges can be told apart.
    const edges = B <= width / 4 ? Array.from({ length: B }, (_, b) => box(b, 'window')) : [];
    this.#strip.replaceChildren(
      picture(left + width + right, stripHeight, [
        ...edges,
        box(this.#chosen, 'window chosen'),
        shape('path', { class: 'line', d: strokeOf(whole, axes) }),
      ]),
    );
  }
}

/** The numbers are told in words and in tables; the picture adds no more for who cannot see it. */
function picture(width: number, tall: number, parts: readonly SVGElement[]): SVGElement {
  const svg = shape('svg', { viewBox: `0 0 ${width} ${tall}`, width, height: tall, 'aria-hidden': 'true' });
  svg.append(...parts);
  return svg;
}

/** Blanks that end a line, and ends of lines, as signs. */
const visible = (text: string): string => text.replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll('\r', '␍');
