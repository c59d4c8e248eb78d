// Drives a real VS Code window as a person does: keys, the command palette, what is painted on the screen.
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { errors } from 'playwright-core';
import type { BrowserContext, FrameLocator, Locator, Page } from 'playwright-core';
import { installVsix, startServer, stillSettings, workbenchUrl } from '../../build/vscode-server.mjs';
import type { Server } from '../../build/vscode-server.mjs';
import { startWeb } from '../../build/vscode-web.mjs';
import type { WebServer } from '../../build/vscode-web.mjs';
import { holdBrowser } from './browser.js';
import { refill } from './folders.js';
import { long } from './long.js';
import { hold, shelf } from './shared.js';
import type { Held, Shelf } from './shared.js';

/** Tests always run with the project's root as the current folder. */
const root = process.cwd();
const pictures = path.join(root, 'out', 'e2e');

/** How long anything on the screen may take to appear: generous, because it only ends hopeless waits. */
const patience = 60_000;

/**
 * A panel that takes the focus while a test types must not close the palette under its fingers; and nothing is
 * remembered that a window which has just been opened would not know: it may have shown another test before.
 */
const steady = {
  'workbench.quickOpen.closeOnFocusLost': false,
  'workbench.commandPalette.history': 0,
  'workbench.editor.restoreViewState': false,
  'files.restoreUndoRedoStack': false,
  // What tells a name of the explorer in full would cover the rows below it.
  'workbench.hover.delay': 600_000,
  // What is typed is what stands there.
  'editor.autoClosingBrackets': 'never',
  'editor.autoClosingQuotes': 'never',
  'editor.autoSurround': 'never',
  'editor.quickSuggestions': { other: 'off', strings: 'off' },
};

/** Closes what is in front, without a question even when it is not saved, and all that lies over the editors. */
const clearKey = 'Control+Alt+Shift+F9';
const keybindings = [
  {
    key: 'ctrl+alt+shift+f9',
    command: 'runCommands',
    args: {
      commands: [
        'workbench.action.closeQuickOpen',
        'notifications.hideToasts',
        'notifications.clearAll',
        'workbench.action.closePanel',
        'workbench.action.revertAndCloseActiveEditor',
        'workbench.action.clearEditorHistoryWithoutConfirm',
        'workbench.files.action.collapseExplorerFolders',
      ],
    },
  },
];

export type WorkbenchOptions = {
  /** Folder whose copy is opened, so that a test may write in it; `examples` by default. */
  readonly workspace?: string;
  /**
   * These folders of the copy are opened as one workspace of several folders, instead of the copy itself; none: an
   * empty window.
   */
  readonly folders?: readonly string[];
  /**
   * A window that no test had before and none has after this one: for tests of what a window remembers. With a server
   * of its own, too, where that is what remembers: settings, and which folders are trusted.
   */
  readonly alone?: 'window' | 'server';
  /**
   * A window of VS Code for the Web: no server behind it, a virtual workspace whose changes stay in the window. Each
   * has a server of its files of its own.
   */
  readonly web?: Omit<Parameters<typeof startWeb>[0], 'folder'>;
  /** A packaged extension to install as a user does; by default the extension runs from the project's folder. */
  readonly vsix?: string;
  /** The folder of another extension, which runs from there in place of ours. */
  readonly instead?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** False leaves workspace trust on: the window starts in Restricted Mode. */
  readonly trusted?: boolean;
  readonly width?: number;
  readonly height?: number;
  /**
   * Display language, as a language pack would set it. The window's own words stay English, because no pack is
   * installed; extensions, their manifests and `vscode.env.language` follow.
   */
  readonly language?: string;
  /** Two device pixels per CSS pixel for screenshots that stay sharp. */
  readonly deviceScaleFactor?: number;
};

/** A row of the Problems panel. */
export type ProblemRow = { readonly text: string; readonly severity: 'error' | 'warning' | 'info' };

export class Workbench {
  /** Every line that the window and the extension host logged. */
  readonly log: string[];
  readonly page: Page;
  /** The copied folder that the window shows. */
  readonly folder: string;
  readonly server: Server | WebServer;
  readonly #options: WorkbenchOptions;
  /** What is given back once the window is closed: browser, server, files. */
  readonly #closers: (() => Promise<void>)[];

  private constructor(parts: {
    log: string[];
    page: Page;
    folder: string;
    server: Server | WebServer;
    options: WorkbenchOptions;
    closers: (() => Promise<void>)[];
  }) {
    this.log = parts.log;
    this.page = parts.page;
    this.folder = parts.folder;
    this.server = parts.server;
    this.#options = parts.options;
    this.#closers = parts.closers;
  }

  /**
   * Opens a window with the folder, and waits until the extensions are loaded. Server and browser are those of the
   * process, if it keeps any.
   */
  static async open(options: WorkbenchOptions = {}): Promise<Workbench> {
    const closers: (() => Promise<void>)[] = [];
    try {
      const scratch = await mkdtemp(path.join(tmpdir(), 'rnn-e2e-'));
      closers.push(() => rm(scratch, { recursive: true, force: true, maxRetries: 5 }));
      const folder = path.join(scratch, 'workspace');
      await cp(sourceOf(options), folder, { recursive: true });
      const { server, giveServerBack } = await serverOf(folder, options);
      closers.push(giveServerBack);
      const { thing: browser, giveBack: giveBrowserBack } = await holdBrowser();
      closers.push(giveBrowserBack);
      const context = await browser.newContext({
        viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
        deviceScaleFactor: options.deviceScaleFactor ?? 1,
        // The theme of a window that has not read its settings yet is chosen by this.
        colorScheme: 'dark',
      });
      closers.push(() => context.close());
      const { page, log } = await openPage(context, options);
      const workbench = new Workbench({ log, page, folder, server, options, closers });
      await workbench.#show();
      return workbench;
    } catch (error) {
      for (const close of closers.reverse()) await close();
      throw error;
    }
  }

  /** Goes to what the options name: the folder, a workspace of several folders, or none. */
  async #show(): Promise<void> {
    const { folders, vsix, instead = root } = this.#options;
    if ('window' in this.server) {
      await this.page.goto(this.server.url + this.server.window);
      await this.loaded();
      return;
    }
    const developmentPath = vsix === undefined ? instead : undefined;
    let workspace: string | undefined;
    if (folders !== undefined && folders.length > 0) {
      workspace = path.join(this.folder, 'several.code-workspace');
      await writeFile(workspace, JSON.stringify({ folders: folders.map((name) => ({ path: name })) }));
    }
    await this.page.goto(
      workbenchUrl(this.server.url, {
        folder: folders === undefined ? this.folder : undefined,
        workspace,
        developmentPath,
      }),
    );
    await this.loaded();
    if (workspace === undefined) return;
    // Once in a while VS Code shows a workspace without the folders that its file names, until it is loaded again.
    const rows = this.page.locator('.explorer-folders-view .monaco-list-row').first();
    const shown = await rows.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (!shown) await this.reload();
    await rows.waitFor();
  }

  /** One more window on the same folder, as a second tab of the browser has it; whoever opens it closes it. */
  async another(): Promise<Workbench> {
    const { page, log } = await openPage(this.page.context(), this.#options);
    const { folder, server } = this;
    const closers = [() => page.close()];
    const second = new Workbench({ log, page, folder, server, options: this.#options, closers });
    await second.#show();
    return second;
  }

  /** True while another test with these options can be shown in this window. */
  serves(options: WorkbenchOptions): boolean {
    return !this.page.isClosed() && JSON.stringify(this.#options) === JSON.stringify(options);
  }

  /** As if it had just been opened: the files as they were, nothing open, nothing asked, nothing told. */
  async clear(): Promise<void> {
    // Of several windows only one has the focus inside its frames.
    await this.page.bringToFront();
    const tabs = this.page.locator('.editor-group-container .tab');
    await this.until('the editors to close', async () => {
      await this.page.keyboard.press('Escape');
      await this.page.keyboard.press(clearKey);
      return (await tabs.count()) === 0 && (await this.#field().count()) === 0;
    });
    await this.page.mouse.move(0, 0);
    await refill(this.folder, sourceOf(this.#options));
    this.log.length = 0;
  }

  /** Waits until the window is there, with the extensions that it knows. */
  async loaded(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor();
    // The workbench leaves this mark when it knows every installed extension's commands.
    await this.page.waitForFunction(() => performance.getEntriesByName('code/didLoadExtensions').length > 0);
    // Until then it has colours of no theme.
    await this.page.locator('.monaco-workbench[class*="vscode-theme"]').waitFor();
  }

  /** Opens the command palette, types, and returns the labels of what it offers, best first. The palette stays open. */
  async offers(text: string): Promise<string[]> {
    // A panel that is just being closed takes keys with it.
    await this.until('the command palette', async () => {
      await this.page.keyboard.press('F1');
      return this.#field()
        .waitFor({ timeout: 10_000 })
        .then(
          () => true,
          () => false,
        );
    });
    await this.#type(text, '>');
    const labels = await this.#rows().evaluateAll((rows) =>
      rows.map((row) => row.querySelector('.label-name')?.textContent ?? row.textContent),
    );
    return labels.map((label) => label.replaceAll('\u00a0', ' ').trim());
  }

  /**
   * Runs the palette's first hit for `text`, which has to hold it, and returns that hit's label. A command that is
   * offered only where it makes sense may take a moment to be: until then the palette offers what is spelt like it.
   */
  async palette(text: string): Promise<string> {
    let first = '';
    await this.until(`"${text}" in the command palette`, async () => {
      first = (await this.offers(text))[0] ?? '';
      if (first.includes(text)) return true;
      await this.#field().press('Escape');
      await this.#field().waitFor({ state: 'hidden' });
      return false;
    });
    await this.#field().press('Enter');
    // Gone, or turned into the question that the command asks: only then is an answer not typed into the palette
    // itself.
    await this.page
      .locator('.quick-input-widget input[type="text"][placeholder^="Type the name of a command"]')
      .filter({ visible: true })
      .waitFor({ state: 'hidden' });
    return first;
  }

  /** Waits for a question, a quick pick or an input box, by any of its words. */
  async asked(words: RegExp): Promise<void> {
    const widget = this.page.locator('.quick-input-widget').filter({ visible: true });
    await this.until(`the question ${String(words)}`, async () => {
      const placeholder = await this.#field()
        .getAttribute('placeholder', { timeout: 1_000 })
        .catch(() => null);
      return words.test(`${placeholder ?? ''} ${await widget.innerText({ timeout: 1_000 }).catch(() => '')}`);
    });
  }

  /** Presses Enter at each question, without typing anything, once it is there. */
  async acceptAll(questions: readonly RegExp[]): Promise<void> {
    for (const words of questions) {
      await this.asked(words);
      await this.#field().press('Enter');
    }
  }

  /** Answers a question once it is there, known by any of its words: types and presses Enter. */
  async answer(question: RegExp, text: string): Promise<void> {
    await this.asked(question);
    await this.#type(text, '');
    const rows = this.#rows().filter({ visible: true });
    const chosen = rows.and(this.page.locator('.focused')).filter({ hasText: text });
    // A list that is still being filtered would give another row.
    await this.until(`"${text}" to be chosen`, async () => (await rows.count()) === 0 || (await chosen.count()) > 0);
    // In the field itself: a walkthrough or a panel may have taken the focus meanwhile.
    await this.#field().press('Enter');
  }

  /** Opens a file of the workspace by its name (quick open) and leaves the cursor in it. */
  async openFile(name: string): Promise<void> {
    const base = path.posix.basename(name);
    const soon = { timeout: 10_000 };
    await this.until(`${name} in front`, async () => {
      try {
        await this.page.keyboard.press('Control+P');
        await this.#field().waitFor(soon);
        await this.#type(name, '');
        await this.#rows().first().filter({ hasText: base }).waitFor(soon);
        await this.#field().press('Enter', soon);
        await this.page.locator('.tab.active').filter({ hasText: base }).waitFor(soon);
        return true;
      } catch (error) {
        // A panel that comes into sight takes the focus once it has loaded, and that closes what was asked meanwhile.
        if (!(error instanceof errors.TimeoutError)) throw error;
        await this.page.keyboard.press('Escape');
        return false;
      }
    });
    const cells = this.page.locator('.notebookOverlay .cell-list-container');
    await this.#editor().locator('.view-line').or(cells).filter({ visible: true }).first().waitFor();
  }

  /** The page inside the visible webview. */
  webview(): FrameLocator {
    return this.page.locator('iframe.webview').filter({ visible: true }).contentFrame().frameLocator('#active-frame');
  }

  /** Waits for this verdict in the visible panel. */
  async badge(verdict: RegExp): Promise<void> {
    await this.webview().locator('.badge').filter({ hasText: verdict }).waitFor();
  }

  /** Types at the cursor of the editor that has the focus. */
  async typeInEditor(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Finds `text` in the open editor (its first place) and writes `by` over it; the file is not saved. */
  async replaceInEditor(text: string, by: string): Promise<void> {
    const soon = { timeout: 10_000 };
    const find = this.page
      .locator('.find-widget.visible textarea[aria-label="Find"], .find-widget.visible input[aria-label="Find"]')
      .first();
    const selected = this.page.locator('[id="status.editor.selection"]').filter({ hasText: `(${text.length}` });
    await this.until(`"${text}" to be selected`, async () => {
      try {
        await this.#focusEditor();
        await this.page.keyboard.press('Control+Home');
        await this.page.keyboard.press('Control+F');
        // The same text once more would not be searched for.
        await find.fill('', soon);
        await find.fill(text, soon);
        await this.page.locator('.find-widget.visible .matchesCount').filter({ hasText: /^1 of/ }).waitFor(soon);
        // What is typed while the search is open is searched for; in the text itself Escape would lose the selection.
        await find.press('Escape', soon);
        await find.waitFor({ state: 'hidden', ...soon });
        await selected.waitFor(soon);
        return true;
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
        return false;
      }
    });
    if (by === '') await this.page.keyboard.press('Delete');
    else await this.page.keyboard.insertText(by);
  }

  /** Writes `text` over everything in the editor that has the focus. */
  async replaceAll(text: string): Promise<void> {
    await this.#focusEditor();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active:not(.dirty)').first().waitFor();
  }

  /** Switches the colour theme while the window is open: its list's label, whose words name the theme's file too. */
  async setTheme(label: 'Light Modern' | 'Dark Modern'): Promise<void> {
    const file = label.toLowerCase().replaceAll(' ', '_');
    await this.page.keyboard.press('Control+K');
    await this.page.keyboard.press('Control+T');
    await this.answer(/Color Theme/, label);
    await this.page.locator(`.monaco-workbench[class*="${file}"]`).waitFor();
  }

  /** The rows of the Problems panel, which this opens. */
  async problems(): Promise<ProblemRow[]> {
    const panel = this.page.locator('.markers-panel');
    if (!(await panel.isVisible())) await this.page.keyboard.press('Control+Shift+M');
    await panel.waitFor();
    return panel
      .locator('.monaco-list-row')
      .filter({ has: this.page.locator('.marker-icon, .details-container') })
      .evaluateAll((rows) =>
        rows.map((row) => ({
          text: row.textContent.replaceAll('\u00a0', ' ').trim(),
          severity:
            row.querySelector('.codicon-error') !== null
              ? 'error'
              : row.querySelector('.codicon-warning') !== null
                ? 'warning'
                : 'info',
        })),
      );
  }

  /**
   * What notifications say, by the list behind the bell: with the switch that the server of tests needs
   * (`--enable-smoke-test-driver`) VS Code shows none by itself. The list stays open. What misses the extensions of VS
   * Code that the server leaves out is left out, too.
   */
  async notifications(): Promise<string[]> {
    const list = this.page.locator('.notifications-center.visible');
    if (!(await list.isVisible())) await this.page.locator('.part.statusbar [id="status.notifications"] a').click();
    await list.waitFor();
    const texts = await list.locator('.notification-list-item-message').allInnerTexts();
    return texts.filter((text) => !/^Activating extension 'vscode\.[\w-]+' failed: Not Found\.$/.test(text));
  }

  /** The texts of the status bar's items. */
  async statusBar(): Promise<string[]> {
    const texts = await this.page.locator('.part.statusbar .statusbar-item').allInnerTexts();
    return texts.map((text) => text.trim()).filter((text) => text !== '');
  }

  /**
   * Waits until `holds` is true; says what it waited for when it never is. It looks rarer and rarer, up to every
   * `rarest` milliseconds: each look takes time of the window that is waited for.
   */
  async until(what: string, holds: () => Promise<boolean>, rarest = 250): Promise<void> {
    const end = performance.now() + patience;
    for (let pause = 50; !(await holds()); pause = Math.min(rarest, 1.2 * pause)) {
      if (performance.now() > end) throw new Error(`Waited a minute for ${what}, in vain.`);
      await this.page.waitForTimeout(pause);
    }
  }

  /**
   * Acts until that has had its consequence. VS Code draws lists and menus anew while they are chosen from, and then a
   * choice is lost; a list that is not there in time is closed before it is asked for again.
   */
  async consequence(what: string, done: () => Promise<boolean>, act: () => Promise<void>): Promise<void> {
    await this.until(what, async () => {
      if (await done()) return true;
      try {
        await act();
      } catch (error) {
        if (!(error instanceof errors.TimeoutError)) throw error;
        await this.page.keyboard.press('Escape');
        return false;
      }
      // A busy machine takes its time: what was chosen is not chosen again before.
      for (let looks = 0; looks < 50; looks++) {
        if (await done()) return true;
        await this.page.waitForTimeout(200);
      }
      return false;
    });
  }

  async screenshot(file: string): Promise<void> {
    await mkdir(path.dirname(file), { recursive: true });
    await this.page.screenshot({ path: file });
  }

  /** What a person reads in the window where a test failed: of texts that are long the beginning. */
  async #inSight(): Promise<string> {
    const parts = { editors: '.editor-group-container', panel: '.part.panel', asked: '.quick-input-widget' };
    const told = Object.entries(parts).map(async ([name, selector]) => {
      const texts = await this.page.locator(selector).filter({ visible: true }).allInnerTexts();
      return texts.map((text) => `${name}: ${text.replaceAll(/\s+/g, ' ').slice(0, 2_000)}`);
    });
    const focus = this.page.evaluate(() => document.activeElement?.className ?? '');
    return [...(await Promise.all(told)).flat(), `focus: ${await focus}`].join('\n');
  }

  /** Keeps what the window shows and has logged, and tells what stands there: a picture is not always at hand. */
  async keepForDiagnosis(file: string): Promise<string> {
    await this.screenshot(`${file}.png`);
    await writeFile(`${file}.log`, this.log.join('\n'));
    return this.#inSight();
  }

  /** As the command "Reload Window": unsaved text and open editors come back. */
  async reload(): Promise<void> {
    // In a browser VS Code writes down what the next window restores every five seconds, once it is idle.
    await this.page.waitForTimeout(8_000);
    await this.page.reload();
    await this.loaded();
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }

  /** By its tab: a click into the text could land on a lens or a widget above it. */
  async #focusEditor(): Promise<void> {
    await this.page.locator('.editor-group-container').first().locator('.tab.active').click();
  }

  #editor(): Locator {
    return this.page.locator('.editor-group-container .monaco-editor').first();
  }

  #field(): Locator {
    return this.page.locator('.quick-input-widget input[type="text"]').filter({ visible: true }).first();
  }

  #rows(): Locator {
    return this.page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
  }

  /** Fills the open quick input after its prefix and waits until its list no longer changes. */
  async #type(text: string, prefix: string): Promise<void> {
    const input = this.#field();
    await input.waitFor();
    await input.fill(prefix + text);
    let last = '';
    let same = 0;
    // The list fills in stages (own hits first, then similar ones), so it counts as settled after five equal looks.
    await this.until(
      `the list for "${text}" to settle`,
      async () => {
        const now = (await this.#rows().allInnerTexts()).join('\n');
        same = now === last ? same + 1 : 0;
        last = now;
        return same >= 5;
      },
      50,
    );
  }
}

type RunningServer = { readonly server: Server; readonly dataDir: string; ended: boolean };

const sourceOf = ({ workspace }: WorkbenchOptions): string => path.resolve(root, workspace ?? 'examples');

async function openPage(
  context: BrowserContext,
  { language }: WorkbenchOptions,
): Promise<{ page: Page; log: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  if (language !== undefined)
    await page.addInitScript((name) => {
      (globalThis as { _VSCODE_NLS_LANGUAGE?: string })._VSCODE_NLS_LANGUAGE = name;
    }, language);
  const log: string[] = [];
  page.on('console', (message) => log.push(`${message.type()} ${message.text()}`));
  page.on('pageerror', (error) => log.push(`pageerror ${error.message}`));
  // "Leave the page?" while text is unsaved: a reload is what the test asked for.
  page.on('dialog', (dialog) => void dialog.accept());
  return { page, log };
}

/** What serves a window: of VS Code for the Web its files, with the window's settings among them. */
async function serverOf(
  folder: string,
  options: WorkbenchOptions,
): Promise<{ readonly server: Server | WebServer; readonly giveServerBack: () => Promise<void> }> {
  if (options.web === undefined) {
    const { thing, giveBack } = await holdServer(options);
    return { server: thing.server, giveServerBack: giveBack };
  }
  await mkdir(path.join(folder, '.vscode'), { recursive: true });
  const settings = { ...stillSettings, ...steady, 'files.autoSave': 'off', ...options.settings };
  await writeFile(path.join(folder, '.vscode', 'settings.json'), JSON.stringify(settings));
  const server = await startWeb({ ...options.web, folder });
  return { server, giveServerBack: () => server.stop() };
}

/** Of a server that was stopped: another one with its data, at its address, as after a restart of its machine. */
export const startAgain = ({ url, logFile }: Server): Promise<Server> =>
  startServer({
    dataDir: path.dirname(logFile),
    port: Number(new URL(url).port),
    settings: { ...stillSettings, ...steady },
    keybindings,
    sparse: true,
  });

/** A server with these extensions, settings and environment. */
async function makeServer({ vsix, settings, env = {}, trusted = true }: WorkbenchOptions): Promise<RunningServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'rnn-server-'));
  if (vsix !== undefined) await installVsix(vsix, dataDir);
  const server = await startServer({
    dataDir,
    settings: { ...stillSettings, ...steady, ...settings },
    keybindings,
    env,
    trusted,
    sparse: true,
  });
  const running: RunningServer = { server, dataDir, ended: false };
  void server.ended.then(() => {
    running.ended = true;
  });
  return running;
}

async function endServer({ server, dataDir }: RunningServer): Promise<void> {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}

/** The process's server of these options, or one of its own. */
async function holdServer(options: WorkbenchOptions): Promise<Held<RunningServer>> {
  if (options.alone === 'server') {
    const thing = await makeServer(options);
    return { thing, giveBack: () => endServer(thing) };
  }
  const { vsix, settings, env, trusted } = options;
  return hold(`server ${JSON.stringify({ vsix, settings, env, trusted })}`, {
    make: () => makeServer(options),
    alive: ({ ended }) => !ended,
    close: endServer,
  });
}

/** Where a window waits for the next test that asks for the same: that of most tests, and the last of the others. */
const shelfOf = (options: WorkbenchOptions): Shelf<Workbench> | null =>
  options.alone !== undefined || options.web !== undefined
    ? null
    : shelf(Object.keys(options).length === 0 ? 'usual window' : 'other window', (window) => window.close());

/** A window for one test: one that such a test has had before, or a new one. */
async function take(options: WorkbenchOptions): Promise<Workbench> {
  const place = shelfOf(options);
  const before = place?.thing ?? null;
  if (place !== null) place.thing = null;
  if (before?.serves(options) === true) {
    await before.clear();
    return before;
  }
  await before?.close();
  return Workbench.open(options);
}

async function putBack(window: Workbench, options: WorkbenchOptions): Promise<void> {
  const place = shelfOf(options);
  if (place === null) await window.close();
  else place.thing = window;
}

/**
 * A test in a window that no other has meanwhile, with files as they are in the project and nothing open. When the test
 * fails, it tells what the window shows, whose picture and log are kept as out/e2e/NAME.png and NAME.log.
 */
export function scenario(name: string, options: WorkbenchOptions, body: (workbench: Workbench) => Promise<void>): void {
  it(name, async () => {
    const workbench = await take(options);
    try {
      await body(workbench);
    } catch (error) {
      const file = path.join(pictures, name.replaceAll(/[^\p{L}\p{N}]+/gu, '-'));
      const shown = await workbench.keepForDiagnosis(file);
      // Nobody knows what it shows now.
      await workbench.close();
      throw new Error(`${error instanceof Error ? error.message : String(error)}\nThe window shows\n${shown}`, {
        cause: error,
      });
    }
    await putBack(workbench, options);
  });
}

/** A scenario of the long form alone. */
export const longScenario: typeof scenario = (...args) => {
  if (long) scenario(...args);
};
