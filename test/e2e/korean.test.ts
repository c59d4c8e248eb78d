// A window in Korean, as a person meets it: what the manifest says, what the host says, what the page says.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { longScenario, scenario } from '../support/workbench.js';

describe('a window in Korean', () => {
  scenario(
    'offers the command by its Korean name, and tells the verdict in Korean',
    { language: 'ko' },
    async (workbench) => {
      await workbench.openFile('vanishing.rnn.json');
      await workbench.page.locator('.codelens-decoration').filter({ hasText: 'RNN 실행' }).waitFor();
      // The English name finds the command too: the palette shows it beside the Korean one.
      assert.match(await workbench.palette('RNN 실행'), /^RNN 실행/);
      const page = workbench.webview();
      await workbench.badge(/기울기 소실/);
      assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
      assert.match(
        (await page.locator('.reason').textContent()) ?? '',
        /기울기는 한 스텝 되돌아갈 때마다 50 %만 남습니다/,
      );
      await workbench.page
        .locator('.part.statusbar .statusbar-item')
        .filter({ hasText: '기울기 소실 ×0.500' })
        .waitFor();
    },
  );

  longScenario('creates an example that explains itself in Korean', { language: 'ko' }, async (workbench) => {
    await workbench.palette('예제 설정 만들기');
    await workbench.answer(/폭발/, '폭발');
    await workbench.page
      .locator('.view-line')
      .filter({ hasText: '기울기가' })
      .filter({ hasText: '폭발하는' })
      .first()
      .waitFor();
    await workbench.palette('RNN 실행');
    await workbench.badge(/기울기 폭발/);
    await workbench.page.locator('.tab').filter({ hasText: '스텝마다' }).waitFor();
  });

  longScenario('explains a key of the config and a mistake in Korean', { language: 'ko' }, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('RNN 실행');
    await workbench.webview().locator('.badge').waitFor();
    // The schema is the Korean one.
    await workbench.page
      .locator('.view-line span')
      .filter({ hasText: /^"cell"$/ })
      .last()
      .hover();
    await workbench.page.locator('.monaco-hover').filter({ hasText: '활성화 함수' }).waitFor();
    await workbench.replaceInEditor('float32', 'float31');
    await workbench.until('the advice in Korean', async () =>
      (await workbench.problems()).some(({ text }) => text.includes('혹시 "float32"인가요?')),
    );
  });
});
