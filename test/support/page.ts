// The real page in a real browser: the real bundle, the real HTML with its policy, and on the other side of
// acquireVsCodeApi() a host in this process that runs the real worker logic over the real channel.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { History } from '../../src/editor/following/runHistory.js';
import { SequenceHost } from './sequenceHost.js';
import { TensorHost } from './tensorHost.js';
import { wire } from './wire.js';
import { defaultBounds } from '../../src/engine/index.js';
import { setLanguage } from '../../src/l10n.js';
import type { Language } from '../../src/l10n.js';
import { panelHtml } from '../../src/panel/panelHtml.js';
import { panelChecks } from '../../src/panel/messageChecks.js';
import { joinFirstParts } from '../../src/report/pageParts.js';
import type { FirstScript } from '../../src/report/pageParts.js';
import { Channel } from '../../src/protocol/rpc.js';
import type {
  ComparedRun,
  PageContract,
  PanelContract,
  PanelStatus,
  ReportData,
  RunSummary,
  SliceRequests,
  SpectrumSummary,
  WhatIf,
  WorkerContract,
  WorkerHostContract,
} from '../../src/protocol/messages.js';
import { loadKernels } from '../../src/worker/thread/loadKernels.js';
import type { SequenceChoice, ShownSequences } from '../../src/protocol/sequenceMessages.js';
import { relaySlices } from '../../src/worker/answers/sliceRelay.js';
import { Service } from '../../src/worker/thread/service.js';
import type { GroupId } from '../../webview/page/groups.js';
import { holdBrowser } from './browser.js';
import { hold, shelf } from './shared.js';
import type { Shelf } from './shared.js';
import { themeOf } from './themes.js';
import type { TestTheme, ThemeName } from './themes.js';

/** How long anything on the page may take: it only ends hopeless waits, and other programs may take the processors. */
const patience = 120_000;

/** Where the built page lies; a build of one's own can be tried by the variable. */
const bundle = path.resolve(process.env['RNN_PAGE_BUNDLE'] ?? 'dist/webview');
const nonce = 'dGVzdC1wYWdl';
const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.map': 'application/json',
};

/** Messages cross to the browser as text: typed arrays and numbers that JSON has no word for are wrapped. */
const arrays = { Float64Array, Float32Array, Uint8Array, Uint32Array } as const;
function pack(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (ArrayBuffer.isView(value))
    return {
      $array: value.constructor.name,
      $bytes: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64'),
    };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pack(item)]));
  return value;
}
function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  if ('$number' in value) return Number(value.$number);
  if ('$array' in value && '$bytes' in value) {
    const bytes = Uint8Array.from(Buffer.from(String(value.$bytes), 'base64'));
    return new arrays[value.$array as keyof typeof arrays](bytes.buffer);
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unpack(item)]));
}

/**
 * Runs inside the page before its script: acquireVsCodeApi as VS Code gives it, the theme, and a watch for what must
 * never happen.
 */
function insidePage({
  theme,
  play,
  state,
}: {
  readonly theme: TestTheme;
  readonly play: string;
  readonly state: unknown;
}): void {
  const page = window as unknown as Record<string, unknown>;
  // A page writes down its state as it is left, when the next test has not begun yet.
  const playKey = 'test that has the page';
  if (sessionStorage.getItem(playKey) !== play) {
    sessionStorage.clear();
    sessionStorage.setItem(playKey, play);
    sessionStorage.setItem('state of the webview', JSON.stringify(state));
  }
  type Packed = { $number?: string; $array?: string; $bytes?: string };
  const constructors: Record<string, new (buffer: ArrayBuffer) => ArrayBufferView> = {
    Float64Array,
    Float32Array,
    Uint8Array,
    Uint32Array,
  };
  // Of long runs megabytes cross, which a browser decodes faster by itself.
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> };
  const decode = (text: string): Uint8Array<ArrayBuffer> =>
    fromBase64?.(text) ?? Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const open = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(open);
    if (typeof value !== 'object' || value === null) return value;
    const { $number, $array, $bytes } = value as Packed;
    if ($number !== undefined) return Number($number);
    const Constructor = $array === undefined ? undefined : constructors[$array];
    if (Constructor !== undefined) return new Constructor(decode($bytes ?? '').buffer);
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item)]));
  };
  const close = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      let binary = '';
      for (const byte of value) binary += String.fromCharCode(byte);
      return { $array: 'Uint8Array', $bytes: btoa(binary) };
    }
    if (Array.isArray(value)) return value.map(close);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item)]));
  };
  const stateKey = 'state of the webview';
  page['violations'] = [];
  document.addEventListener('securitypolicyviolation', (event) =>
    (page['violations'] as string[]).push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
  );
  page['receive'] = (message: string) =>
    window.dispatchEvent(new MessageEvent('message', { data: open(JSON.parse(message)) }));
  page['acquireVsCodeApi'] = () => ({
    postMessage: (message: unknown) =>
      void (page['toHost'] as (message: string) => Promise<void>)(JSON.stringify(close(message))),
    getState: (): unknown => JSON.parse(sessionStorage.getItem(stateKey) ?? 'null'),
    setState: (state: unknown) => sessionStorage.setItem(stateKey, JSON.stringify(state)),
  });
  page['setTheme'] = ({ bodyClass, variables }: TestTheme) => {
    const { style } = document.documentElement;
    for (const name of [...style].filter((property) => property.startsWith('--vscode-'))) style.removeProperty(name);
    for (const [name, value] of Object.entries(variables)) style.setProperty(`--vscode-${name}`, value);
    document.body.className = bodyClass;
  };
  document.addEventListener('readystatechange', () => {
    if (document.readyState === 'interactive') (page['setTheme'] as (theme: TestTheme) => void)(theme);
  });
}

/** Lines of the gradient flow that are there for the asking. */
const optionalLines = ['singleSource', 'fit', 'dc', 'ds', 'dx', 'sequences'];

/** What the page remembers of earlier: the group; with everything, all of its lines and all steps too. */
const stateOf = (group: GroupId, everything: boolean, moreWhatIfs: boolean): unknown => ({
  choices: { group, 'more what-ifs': moreWhatIfs },
  ...(everything ? { tracks: { states: { flow: { shown: optionalLines } } }, time: { order: 'index' } } : {}),
});

const isEvent = (message: unknown): message is { readonly name: string; readonly payload: unknown } =>
  typeof message === 'object' && message !== null && 'payload' in message;

function arrayBytes(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, item) => sum + arrayBytes(item), 0)
    : 0;
}

export type Sent<K extends keyof PanelContract['events']> = PanelContract['events'][K];

/** The host: everything the page sent, and the run that it shows. */
export class TestHost {
  readonly sent: { [K in keyof PanelContract['events']]: Sent<K>[] } = {
    ready: [],
    painted: [],
    revealProblem: [],
    revealConfig: [],
    revealWeight: [],
    answerOrder: [],
    rerun: [],
    saveAsConfig: [],
    chooseSequences: [],
    previewSequences: [],
    chooseLayer: [],
    cancel: [],
    compareWith: [],
    compared: [],
    undo: [],
    saveFile: [],
    exportJson: [],
    exportReport: [],
    failed: [],
  };
  /** Names of the slices that the page asked for. */
  readonly asked: string[] = [];
  /** Answers of a test's own, by the names of the slices. */
  readonly instead = new Map<string, unknown>();
  /** Names of slices that nobody can answer any more, as after the engine has stopped. */
  readonly lost = new Set<string>();
  /** Questions of this name wait for the engine while this holds them; `answered`: for the page, with their answer. */
  hold: { readonly name: string; readonly until: Promise<void>; readonly answered?: true } | null = null;
  /** What happens between a question of the page and its answer. */
  meanwhile: (name: string) => Promise<void> = () => Promise.resolve();
  summary: RunSummary | null = null;
  spectrum: SpectrumSummary | null = null;
  compared: readonly ComparedRun[] = [];
  status: PanelStatus = {
    title: 'test.rnn.json',
    entry: { kind: 'config', config: 'test.rnn.json' },
    running: null,
    stale: null,
    problems: [],
  };
  /** The files that a run reads: name → text. */
  files: Record<string, string> = {};
  /** What the page asked to be written, and whether it is told that it was. */
  readonly applied: WhatIf[] = [];
  readonly history = new History();
  willApply: boolean | Promise<boolean> = true;
  /** Hears of messages that the host or the worker could not take. */
  onFault: (message: string) => void = (message) => {
    throw new Error(message);
  };
  /**
   * The largest message of each kind to the page, in bytes of its arrays: name of the event, or of the question that it
   * answers.
   */
  readonly crossed = new Map<string, number>();
  readonly #worker: Channel<WorkerHostContract, WorkerContract>;
  #page: Channel<PanelContract, PageContract> | null = null;
  #runId = 0;

  /** `kernels`: with the WebAssembly kernels, as in the product, or with the reference classes. */
  constructor(kernels: boolean) {
    const [here, there] = wire();
    new Service(there, kernels ? loadKernels() : null);
    this.#worker = new Channel<WorkerHostContract, WorkerContract>(
      here,
      {
        readFile: ({ reference }) => {
          const text = this.files[reference];
          return text === undefined
            ? { ok: false, id: reference, reason: 'missing', detail: 'not among the files of the test' }
            : { ok: true, id: reference, bytes: new TextEncoder().encode(text) };
        },
      },
      {
        progress: () => undefined,
        problems: () => undefined,
        summary: (summary) => {
          this.summary = summary;
          this.history.add(summary, 1e12 + 1000 * summary.runId);
        },
        spectrum: (spectrum) => {
          this.spectrum = spectrum;
          this.history.addExponent(spectrum.runId, spectrum.lyapunov?.[0] ?? null);
        },
        begun: () => undefined,
        failed: ({ message }) => this.onFault(message),
      },
      { checks: 'trusted', onFault: ({ message }) => this.onFault(message) },
    );
  }

  /** Connects to a page; what the page says arrives at `receive`. */
  connect(post: (message: unknown) => void): (message: unknown) => void {
    let receive: (message: unknown) => void = () => undefined;
    this.#page?.close('The page was loaded again.');
    const record =
      <K extends keyof PanelContract['events']>(name: K) =>
      (payload: Sent<K>): void => {
        this.sent[name].push(payload);
      };
    this.#page = new Channel<PanelContract, PageContract>(
      {
        post: (message) => {
          if (isEvent(message)) this.#note(message.name, message.payload);
          post(message);
        },
        onMessage: (listener) => {
          receive = listener;
        },
      },
      {
        ...relaySlices(async (name, params) => {
          this.asked.push(name);
          const held = async (answered?: true): Promise<void> => {
            if (this.hold?.name === name && this.hold.answered === answered) await this.hold.until;
          };
          await held();
          if (this.lost.has(name)) throw new Error('The engine stopped.');
          await this.meanwhile(name);
          const answer = this.instead.has(name)
            ? (this.instead.get(name) as SliceRequests[typeof name]['result'])
            : await this.#worker.request(name, params);
          await held(true);
          this.#note(name, answer);
          return answer;
        }),
        applyWhatIf: (whatIf) => {
          this.applied.push(whatIf);
          return this.willApply;
        },
        history: () => this.history.list(),
        version: ({ runId }) => this.history.curve(runId),
      },
      {
        ready: (payload) => {
          record('ready')(payload);
          this.sendAll();
        },
        revealProblem: record('revealProblem'),
        revealConfig: record('revealConfig'),
        revealWeight: record('revealWeight'),
        answerOrder: record('answerOrder'),
        rerun: record('rerun'),
        saveAsConfig: record('saveAsConfig'),
        chooseSequences: record('chooseSequences'),
        previewSequences: record('previewSequences'),
        chooseLayer: record('chooseLayer'),
        cancel: record('cancel'),
        compareWith: record('compareWith'),
        compared: record('compared'),
        undo: record('undo'),
        painted: record('painted'),
        saveFile: record('saveFile'),
        exportJson: record('exportJson'),
        exportReport: record('exportReport'),
        failed: record('failed'),
      },
      { checks: panelChecks, onFault: ({ message }) => this.onFault(message) },
    );
    return (message) => receive(message);
  }

  #note(name: string, payload: unknown): void {
    this.crossed.set(name, Math.max(this.crossed.get(name) ?? 0, arrayBytes(payload)));
  }

  /** The whole result of the run on screen, as the command line writes it. */
  async resultJson(): Promise<Uint8Array> {
    const json = await this.#worker.request('resultJson', { runId: this.#runId });
    if (json === null) throw new Error('There is no run.');
    return json;
  }

  /** What a report of the run on screen is made of. */
  async reportData(): Promise<ReportData> {
    const data = await this.#worker.request('reportData', { runId: this.#runId });
    if (data === null) throw new Error('There is no run.');
    return data;
  }

  sendStatus(status: Partial<PanelStatus>): void {
    this.status = { ...this.status, ...status };
    this.#page?.emit('status', this.status);
  }

  /** What lies over the run, until something else is told. */
  sendCompared(runs: readonly ComparedRun[]): void {
    this.compared = runs;
    this.#page?.emit('compared', runs);
  }

  sendAll(): void {
    this.#page?.emit('status', this.status);
    if (this.summary !== null) this.#page?.emit('summary', this.summary);
    if (this.spectrum !== null) this.#page?.emit('spectrum', this.spectrum);
    if (this.compared.length > 0) this.#page?.emit('compared', this.compared);
  }

  /**
   * Runs a config text through the real worker logic and shows the result, as `told` has it; of a network the layer
   * that is counted so, with its directions.
   */
  async run(
    config: string,
    layer: number | null = null,
    told = (summary: RunSummary): RunSummary => summary,
  ): Promise<void> {
    this.files[this.status.title] = config;
    // A test may have told of a run that nobody has computed.
    this.#runId = Math.max(this.#runId, this.summary?.runId ?? 0) + 1;
    const outcome = await this.#worker.request('run', {
      runId: this.#runId,
      entry: { kind: 'config', config: this.status.title },
      bounds: defaultBounds,
      layer,
      awaitsPicture: false,
      cancel: new SharedArrayBuffer(4),
    });
    if (outcome.kind !== 'done')
      throw new Error(
        `The run was ${outcome.kind}: ` +
          outcome.problems.map(({ path: place, message }) => `${place}: ${message}`).join('\n'),
      );
    if (this.summary !== null) this.summary = told(this.summary);
    this.sendAll();
  }
}

/**
 * A page that is open for a test. What it complains of, what its policy forbids and what fails in it fails the test
 * that closes it, or the file. A test that wants such a thing takes it out of `complaints` or of what the host was
 * sent.
 */
type OpenStage = {
  readonly page: Page;
  readonly complaints: string[];
  setTheme(theme: ThemeName): Promise<void>;
  close(): Promise<void>;
};
export type OpenPage = OpenStage & { readonly host: TestHost };
/** The viewer of files of tensors. */
export type OpenTensors = OpenStage & { readonly host: TensorHost };
/** The preview of sequences. */
export type OpenSequences = OpenStage & { readonly host: SequenceHost };
type StageOptions = {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly scale?: number;
  readonly language?: Language;
  /** A page that no test had before and none has after this one: for tests of what a page holds and costs. */
  readonly fresh?: boolean;
};
/** Who answers a page: hears what goes wrong, and is connected anew whenever the page is loaded. */
type Host = {
  readonly sent: { readonly failed: readonly { readonly message: string }[] };
  onFault: (message: string) => void;
  connect(post: (message: unknown) => void): (message: unknown) => void;
};
/** A report on disk, as its reader opens it. It may ask for no other address. */
export type OpenReport = {
  readonly page: Page;
  readonly complaints: string[];
  close(): Promise<void>;
};
export type PageServer = {
  openReport(
    file: string,
    options?: {
      colorScheme?: 'light' | 'dark';
      contrast?: 'more' | 'no-preference';
      width?: number;
      height?: number;
      script?: boolean;
    },
  ): Promise<OpenReport>;
  open(
    options?: StageOptions & {
      readonly kernels?: boolean;
      /** The group of views that is shown first: all, unless a test is about one of them. */
      readonly group?: GroupId;
      /**
       * Whether the views of the group show all of their lines and all steps: as all views do, where a test is about
       * some of them alone. A page of one group takes about half of the processor's time.
       */
      readonly everything?: boolean;
      /** Whether the bar of what-ifs has all that can be changed: as everything, unless a test is about its button. */
      readonly moreWhatIfs?: boolean;
    },
  ): Promise<OpenPage>;
  openTensors(file: string, bytes: Uint8Array, options?: StageOptions): Promise<OpenTensors>;
  /** `file`: one of the files. `choice`: what the page wrote down before it was loaded again. */
  openSequences(
    file: string,
    files: Readonly<Record<string, Uint8Array | string>>,
    options?: StageOptions & { readonly choice?: SequenceChoice; readonly weights?: ShownSequences['weights'] },
  ): Promise<OpenSequences>;
  close(): Promise<void>;
};

/** What happens on a stage while one test has it. */
type Play = {
  complain(text: string): void;
  navigated(): void;
  hear(message: unknown): void;
};
/**
 * A tab of the browser that one test after the other loads its page in: a new tab is a new process, which compiles the
 * whole page again.
 */
type Stage = { readonly context: BrowserContext; readonly page: Page; play: Play | null };

async function makeStage(browser: Browser, scale: number): Promise<Stage> {
  const context = await browser.newContext({ deviceScaleFactor: scale, viewport: { width: 1200, height: 980 } });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const stage: Stage = { context, page, play: null };
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') stage.play?.complain(message.text());
  });
  page.on('pageerror', (error) => stage.play?.complain(error.message));
  page.on('framenavigated', () => stage.play?.navigated());
  await page.exposeFunction('toHost', (message: string) => stage.play?.hear(unpack(JSON.parse(message))));
  return stage;
}

/** Where the stage of this many device pixels per pixel waits for the next test. */
const stageShelf = (scale: number): Shelf<Stage> | null =>
  shelf(`page at scale ${scale}`, ({ context }) => context.close());

async function takeStage(browser: Browser, scale: number, fresh: boolean): Promise<Stage> {
  const place = fresh ? null : stageShelf(scale);
  const waiting = place?.thing ?? null;
  if (place === null || waiting === null) return makeStage(browser, scale);
  place.thing = null;
  return waiting.page.isClosed() || !browser.isConnected() ? makeStage(browser, scale) : waiting;
}

/** Leaves a stage as it was found: nothing loaded or allowed, no pointer over it. */
async function leaveStage(stage: Stage, scale: number, fresh: boolean): Promise<void> {
  const { context, page } = stage;
  const place = fresh ? null : stageShelf(scale);
  if (place?.thing !== null) {
    await context.close();
    return;
  }
  await page.mouse.move(0, 0);
  await page.goto('about:blank');
  await context.clearPermissions();
  place.thing = stage;
}

/** Where the page is loaded from, in the language of the test that has it. */
type Site = { readonly url: string; spoken: Language; close(): Promise<void> };

/** One site serves all test files of a process: a page from another one would be in another process of the browser. */
async function makeSite(): Promise<Site> {
  const read = (name: string): Promise<string> => readFile(path.join(bundle, name), 'utf8');
  const texts = new Map<string, { readonly first: FirstScript; readonly style: string }>();
  for (const [page, style] of Object.entries({
    main: 'style.css',
    tensors: 'tensorsStyle.css',
    sequences: 'sequencesStyle.css',
  }))
    texts.set(page, { first: await joinFirstParts(`${page}.js`, read), style: await read(style) });
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const page = { '/': 'main', '/tensors': 'tensors', '/sequences': 'sequences' }[pathname];
    const text = texts.get(page ?? '');
    if (text !== undefined) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(
        panelHtml({
          cspSource: origin,
          nonce,
          ...text,
          assets: `${origin}/`,
          title: 'test',
          language: site.spoken,
        }),
      );
      return;
    }
    if (pathname === '/favicon.ico') {
      response.statusCode = 204;
      response.end();
      return;
    }
    const file = path.join(bundle, path.normalize(pathname));
    readFile(file).then(
      (bytes) => {
        response.setHeader('content-type', types[path.extname(file)] ?? 'application/octet-stream');
        // A script that is known is not compiled again. No other site has this port's address and these files.
        response.setHeader('cache-control', 'max-age=86400');
        response.end(bytes);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const site: Site = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    spoken: { name: 'en', bundle: {} },
    close: () =>
      new Promise<void>((resolve, reject) => {
        server.close((error) => {
          if (error === undefined) resolve();
          else reject(error);
        });
        // A browser that goes on holds connections that it has not used yet.
        server.closeAllConnections();
      }),
  };
  return site;
}

/** @throws when there is anything in one of the lists */
function clean(lists: Readonly<Record<string, readonly string[]>>): void {
  const empty = Object.fromEntries(Object.keys(lists).map((name) => [name, []]));
  assert.deepEqual(lists, empty, 'The page was not clean when it was closed.');
}

export async function startPages(): Promise<PageServer> {
  // First, so that nothing is left open where there is no browser.
  const { thing: browser, giveBack } = await holdBrowser();
  /** How to end each page that is open; whatever was wrong in it is thrown once it is closed. */
  const openPages = new Set<() => Promise<void>>();
  const { thing: site, giveBack: giveSiteBack } = await hold('site of the page', {
    make: makeSite,
    alive: () => true,
    close: (made) => made.close(),
  });

  async function openStage(
    place: string,
    state: unknown,
    host: Host,
    {
      theme = 'dark',
      width = 1200,
      height = 980,
      scale = 1,
      language = { name: 'en', bundle: {} },
      fresh = false,
    }: StageOptions,
  ): Promise<OpenStage> {
    site.spoken = language;
    const stage = await takeStage(browser, scale, fresh);
    const { page } = stage;
    await page.setViewportSize({ width, height });
    const complaints: string[] = [];
    host.onFault = (message) => complaints.push(message);
    const connect = (): ((message: unknown) => void) =>
      host.connect((message) => {
        // What an earlier test's host still has to say is nothing to the page of this one.
        if (stage.play !== play) return;
        void page
          .evaluate(
            (packed) => (window as unknown as { receive(message: string): void }).receive(packed),
            JSON.stringify(pack(message)),
          )
          .catch((error: unknown) => {
            // What was on its way to a page that is loaded again is heard by nobody.
            if (!page.isClosed() && !String(error).includes('context was destroyed')) complaints.push(String(error));
          });
      });
    let receive = connect();
    const play: Play = {
      complain: (text) => complaints.push(text),
      navigated: () => {
        receive = connect();
      },
      hear: (message) => receive(message),
    };
    stage.play = play;
    const script = await page.addInitScript(insidePage, { theme: themeOf(theme), play: randomUUID(), state });
    const close = async (): Promise<void> => {
      openPages.delete(close);
      const violations = page.isClosed()
        ? []
        : await page.evaluate(() => (window as unknown as { violations: string[] }).violations);
      stage.play = null;
      await script.dispose();
      await leaveStage(stage, scale, fresh);
      clean({ complaints, violations, failed: host.sent.failed.map(({ message }) => message) });
    };
    openPages.add(close);
    await page.goto(site.url + place);
    return {
      page,
      complaints,
      setTheme: (name) =>
        page.evaluate(
          (next) => (window as unknown as { setTheme(theme: unknown): void }).setTheme(next),
          themeOf(name),
        ),
      close,
    };
  }

  return {
    async open({
      kernels = true,
      group = 'all',
      everything = group === 'all',
      moreWhatIfs = everything,
      ...options
    } = {}) {
      // The engine runs in this process, and says the verdict.
      setLanguage(options.language);
      const host = new TestHost(kernels);
      return { host, ...(await openStage('', stateOf(group, everything, moreWhatIfs), host, options)) };
    },
    async openTensors(file, bytes, options = {}) {
      setLanguage(options.language);
      const host = new TensorHost(file, bytes);
      return { host, ...(await openStage('tensors', null, host, options)) };
    },
    async openSequences(file, files, { choice, weights = null, ...options } = {}) {
      setLanguage(options.language);
      const host = new SequenceHost(file, files);
      host.weights = weights;
      return { host, ...(await openStage('sequences', choice === undefined ? null : { choice }, host, options)) };
    },
    async openReport(
      file,
      { colorScheme = 'light', contrast = 'no-preference', width = 1200, height = 980, script = true } = {},
    ) {
      const context = await browser.newContext({
        viewport: { width, height },
        deviceScaleFactor: 1,
        colorScheme,
        contrast,
        offline: true,
        javaScriptEnabled: script,
        acceptDownloads: true,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(patience);
      const url = pathToFileURL(path.resolve(file)).href;
      const requests: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => {
        if (request.url() !== url && !/^(?:data|blob):/.test(request.url())) requests.push(request.url());
      });
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      const close = async (): Promise<void> => {
        openPages.delete(close);
        await context.close();
        clean({ complaints, requests });
      };
      openPages.add(close);
      await page.goto(url);
      return { page, complaints, close };
    },
    async close() {
      // Other files of tests run in this process after it.
      setLanguage();
      const ends = await Promise.allSettled([...openPages].map((end) => end()));
      // The browser may go on without them.
      await giveBack();
      await giveSiteBack();
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    },
  };
}
