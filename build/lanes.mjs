// Runs suites side by side: each is cut into jobs, and some of the jobs run at a time.
// What they print stays readable: of all suites that run, the first one speaks live, the others once it is done.
import { availableParallelism } from 'node:os';

/**
 * A place to write to whose text comes out whole: live while it is the first that has not ended, else kept until it
 * is.
 */
export class Speakers {
  #open = [];
  #out;

  constructor(out = (text) => process.stdout.write(text)) {
    this.#out = out;
  }

  /** A new speaker behind those that are there. */
  open() {
    const speaker = { kept: '', ended: false };
    this.#open.push(speaker);
    return {
      write: (text) => {
        if (this.#open[0] === speaker) this.#out(text);
        else speaker.kept += text;
      },
      end: () => {
        speaker.ended = true;
        while (this.#open[0]?.ended === true) {
          this.#open.shift();
          const next = this.#open[0];
          if (next === undefined) break;
          this.#out(next.kept);
          next.kept = '';
        }
      },
    };
  }
}

/**
 * Runs jobs, at most `lanes` at a time: two more than there are processors, because a job that drives a window waits
 * for it half of its time. The job with the greatest weight goes first, because a long one that begins last keeps
 * everybody waiting.
 */
export class Lanes {
  #waiting = [];
  #free;

  constructor(lanes = availableParallelism() + 2) {
    this.#free = lanes;
  }

  /** Runs `job` as soon as a lane is free; gives what it gives. */
  add(job, weight) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, weight, resolve, reject });
      this.#waiting.sort((a, b) => b.weight - a.weight);
      // After this turn, so that of several jobs that are added together the heaviest is the first.
      void Promise.resolve().then(() => this.#next());
    });
  }

  #next() {
    if (this.#free === 0) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#free--;
    next
      .job()
      .then(next.resolve, next.reject)
      .finally(() => {
        this.#free++;
        this.#next();
      });
  }
}
