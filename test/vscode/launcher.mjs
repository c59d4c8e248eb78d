#!/usr/bin/env node
// Stands in for the desktop program where it cannot be downloaded: takes the flags that @vscode/test-electron's
// runTests gives to `code`, opens the same folder and extension in the server of build/vscode-server.mjs and a headless
// browser, prints what the extension host prints, and ends with the exit code of the test run.
//
// The exit code comes from VS Code itself: when the extension host ends after a test run, the workbench calls
// `codeAutomationExit(code)` if the window has such a function, and `codeAutomationLog(level, args)` for every line
// that it logs (the extension host's console among them). That is how a window tells its fate where no process can.
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { format } from 'node:util';
import { chromium } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../build/chromium.mjs';
import { root } from '../../build/modules.mjs';
import { startServer, stillSettings, workbenchUrl } from '../../build/vscode-server.mjs';

const out = path.join(root, 'out');
/** What is worse than a failure is a run that never ends. */
const minutes = Number(process.env.RNN_VSCODE_MINUTES ?? 20);

/** What the server's window says about itself on every start; whole and unfiltered it is in out/vscode-console.log. */
const serverNoise = [
  /^Creating a socket/,
  /reconnection-grace-time/,
  /spdlog/,
  /native-watchdog/,
  /^\[Service Worker\]/,
  /^\[AgentHost/,
  /^\[AccountPolicyGate\]/,
  /builtin extensions( from gallery| cache)/,
  /^Resolv(ing|ed) connection token/,
  /getaddrinfo|ERR_NAME_NOT_RESOLVED|Failed to fetch/,
  /^Canceled/,
];

const readFlags = (args) => {
  const flag = (name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const userDataDir = flag('user-data-dir');
  if (userDataDir === undefined) throw new Error('The launcher needs --user-data-dir=FOLDER, as runTests gives it.');
  return {
    developmentPath: flag('extensionDevelopmentPath'),
    testsPath: flag('extensionTestsPath'),
    userDataDir,
    trusted: args.includes('--disable-workspace-trust'),
    folder: args.find((arg) => !arg.startsWith('-')),
  };
};

/** User settings from where the desktop program would read them. */
const readSettings = (userDataDir) => {
  const file = path.join(userDataDir, 'User', 'settings.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
};

const run = async () => {
  const { developmentPath, testsPath, userDataDir, trusted, folder } = readFlags(process.argv.slice(2));
  if (testsPath === undefined) throw new Error('The launcher runs tests: it needs --extensionTestsPath=FILE.');
  await mkdir(out, { recursive: true });
  const consoleLog = createWriteStream(path.join(out, 'vscode-console.log'));
  const closers = [() => new Promise((resolve) => consoleLog.end(resolve))];
  const onSignal = () => process.exit(130);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    const server = await startServer({
      dataDir: path.join(userDataDir, 'server'),
      settings: { ...stillSettings, ...readSettings(userDataDir) },
      trusted,
      sparse: true,
    });
    closers.push(() => server.stop());
    const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumArgs });
    closers.push(() => browser.close());
    // Small: nobody looks, and what is painted costs by its size. As high as a config of an example is long.
    const page = await browser.newPage({ viewport: { width: 800, height: 650 } });
    // As in the desktop program, where nobody is asked.
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    let over = false;
    const exit = new Promise((resolve, reject) => {
      const fail = (why) => () => reject(new Error(why));
      page.on('crash', fail('The window crashed.'));
      browser.on('disconnected', fail('The browser ended before the tests did.'));
      void server.ended.then(fail(`The VS Code server ended before the tests did; its log is ${server.logFile}.`));
      setTimeout(fail(`The tests have not ended within ${minutes} minutes.`), minutes * 60_000).unref();
      void page.exposeFunction('codeAutomationExit', (code) => {
        over = true;
        resolve(code);
      });
    });
    // Whoever fails first is reported by the race below; a later rejection of the loser is no news.
    exit.catch(() => {});
    await page.exposeFunction('codeAutomationLog', (level, args) => {
      const text = format(...args);
      consoleLog.write(`${level} ${text}\n`);
      if (over || serverNoise.some((noise) => noise.test(text))) return;
      (level === 'error' ? process.stderr : process.stdout).write(`${text}\n`);
    });
    try {
      const opened = page
        .goto(workbenchUrl(server.url, { folder, developmentPath, testsPath }))
        .then(() => page.waitForSelector('.monaco-workbench', { timeout: 120_000 }));
      await Promise.race([opened, exit]);
      return await exit;
    } catch (error) {
      const picture = path.join(out, 'vscode-failure.png');
      const seen = await page.screenshot({ path: picture, timeout: 10_000 }).then(
        () => `what the window showed: ${picture}`,
        (reason) => `no picture of the window: ${reason.message}`,
      );
      throw new Error(`${error.message} (${seen}; everything it logged: ${path.join(out, 'vscode-console.log')})`, {
        cause: error,
      });
    }
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

try {
  process.exitCode = await run();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
