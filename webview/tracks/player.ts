// Sweeps the shared cursor through time: forward as the states are computed, backward as the gradient travels.
import { el } from '../widgets/dom.js';
import { t as say } from '../page/l10n.js';
import type { PageState } from '../page/pageState.js';
import type { Timeline } from '../page/timeline.js';
import type { Page } from '../chart/trackView.js';

export type Sweep = 'forward' | 'backward';

/** A whole sweep takes about this long, ms; no step is shorter or longer than these. */
const [wholeSweep, shortest, longest] = [9_000, 33, 450];

export class Player {
  readonly controls: HTMLElement;
  /** The sweep whose picture is shown, also while it pauses; null: everything is there at once. */
  sweep: Sweep | null;
  readonly #timeline: Timeline;
  readonly #memory: PageState;
  readonly #changed: () => void;
  readonly #buttons: Readonly<Record<Sweep, HTMLButtonElement>>;
  #timer: ReturnType<typeof setInterval> | null = null;
  /** Where the last tick left the cursor: anyone else who moves it takes over. */
  #expected = -1;

  constructor({ timeline, memory, groups }: Page, changed: () => void) {
    this.#timeline = timeline;
    this.#memory = memory;
    this.sweep = (['forward', 'backward'] as const).find((sweep) => sweep === memory.chosen('sweep')) ?? null;
    this.#changed = changed;
    const control = (text: string, name: string, onClick: () => void): HTMLButtonElement =>
      el(
        'button',
        { class: 'quiet play', title: name, attributes: { type: 'button', 'aria-label': name }, onClick },
        text,
      );
    this.#buttons = {
      forward: control(say('▸ forward'), say('Play the forward sweep'), () => this.toggle('forward')),
      backward: control(say('◂ backward'), say('Play the backward sweep'), () => this.toggle('backward')),
    };
    this.controls = el(
      'span',
      { class: 'player', attributes: { role: 'group', 'aria-label': say('Step through') } },
      this.#buttons.forward,
      this.#buttons.backward,
      control(say('‹ step'), say('One step back in time'), () => this.#step(-1)),
      control(say('step ›'), say('One step on in time'), () => this.#step(1)),
      control(say('show all'), say('Show all: both sweeps complete'), () => {
        this.pause();
        this.sweep = null;
        this.#show();
      }),
    );
    groups.onChange(() => {
      if (groups.shows('network') || !this.playing) return;
      this.pause();
      this.#show();
    });
    timeline.onChange((change) => {
      if (change !== 'cursor' || this.#timer === null || timeline.cursor === this.#expected) return;
      this.pause();
      this.#show();
    });
  }

  get playing(): boolean {
    return this.#timer !== null;
  }

  toggle(sweep: Sweep): void {
    const again = this.playing && this.sweep === sweep;
    this.pause();
    this.sweep = sweep;
    if (!again) this.#play(sweep);
    this.#show();
  }

  pause(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #play(sweep: Sweep): void {
    const { t0, t1 } = this.#timeline.window;
    const [start, end, direction] = sweep === 'forward' ? [t0, t1 - 1, 1] : [t1 - 1, t0, -1];
    const pause = Math.max(shortest, Math.min(longest, wholeSweep / (t1 - t0)));
    const stride = Math.max(1, Math.round(((t1 - t0) * pause) / wholeSweep));
    const { cursor } = this.#timeline;
    // At the end, or outside what is in view, a sweep starts anew.
    if (cursor * direction >= end * direction || cursor * direction < start * direction) this.#moveTo(start);
    this.#timer = setInterval(() => {
      const next = this.#timeline.cursor + direction * stride;
      const done = next * direction >= end * direction;
      if (done) this.pause();
      this.#moveTo(done ? end : next);
      if (done) this.#show();
    }, pause);
  }

  #step(by: number): void {
    this.pause();
    this.sweep ??= by > 0 ? 'forward' : 'backward';
    this.#timeline.step(this.#timeline.cursor + by);
    this.#show();
  }

  #moveTo(t: number): void {
    this.#expected = t;
    this.#timeline.step(t);
  }

  #show(): void {
    this.#memory.choose('sweep', this.sweep);
    for (const [sweep, button] of Object.entries(this.#buttons)) {
      const active = this.playing && this.sweep === sweep;
      button.setAttribute('aria-pressed', String(active));
      button.textContent = active ? say('❚❚ pause') : sweep === 'forward' ? say('▸ forward') : say('◂ backward');
      button.setAttribute(
        'aria-label',
        active ? say('Pause') : sweep === 'forward' ? say('Play the forward sweep') : say('Play the backward sweep'),
      );
    }
    this.#changed();
  }
}
