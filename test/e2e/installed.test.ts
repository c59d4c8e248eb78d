// The way a marketplace user meets the extension: installed from the .vsix into a clean VS Code, no development path.
// In Korean: what the manifest says, what the host says, what the page says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

describe('the extension installed from its .vsix', () => {
  scenario(
    'runs a copied example; in a Korean window by its Korean name, and with the verdict in Korean',
    { vsix: `${name}-${version}.vsix`, language: 'ko' },
    async (workbench) => {
      await workbench.openFile('vanishing.rnn.json');
      await workbench.page.locator('.codelens-decoration').filter({ hasText: 'RNN 실행' }).waitFor();
      // The English name finds the command too: the palette shows it beside the Korean one.
      assert.match(await workbench.palette('RNN 실행'), /^RNN 실행/);
      const page = workbench.webview();
      await workbench.badge(/기울기 소실/);
      await page.locator('canvas').first().waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
      assert.match(
        (await page.locator('.reason').textContent()) ?? '',
        /기울기는 한 스텝 되돌아갈 때마다 50%만 남습니다/,
      );
      await workbench.page
        .locator('.part.statusbar .statusbar-item')
        .filter({ hasText: '기울기 소실 ×0.500' })
        .waitFor();
    },
  );
});
