// The browser that tests share: pages and windows get a context each, which knows nothing of the others.
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { chromiumArgs, findChromium } from '../../build/chromium.mjs';
import { hold } from './shared.js';
import type { Held } from './shared.js';

export const holdBrowser = (): Promise<Held<Browser>> =>
  hold('browser', {
    make: () => chromium.launch({ executablePath: findChromium(), args: chromiumArgs }),
    alive: (browser) => browser.isConnected(),
    close: (browser) => browser.close(),
  });
