// A window in Korean, as a person meets it: what the manifest says, what the host says, what the page says.
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';

describe('a window in Korean', () => {
  scenario('creates an example that explains itself in Korean', { language: 'ko' }, async (workbench) => {
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

  scenario('explains a key of the config and a mistake in Korean', { language: 'ko' }, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('RNN 실행');
    await workbench.webview().locator('.badge').waitFor();
    // The schema is the Korean one.
    const { page } = workbench;
    const key = page
      .locator('.view-line span')
      .filter({ hasText: /^"cell"$/ })
      .last();
    const told = page.locator('.monaco-hover').filter({ hasText: '활성화 함수' });
    // What the run says above a line moves the lines below from under the mouse.
    await workbench.consequence(
      'the key in Korean',
      () => told.isVisible(),
      async () => {
        await page.mouse.move(0, 0);
        await key.hover();
      },
    );
    await workbench.replaceInEditor('float32', 'float31');
    await workbench.until('the advice in Korean', async () =>
      (await workbench.problems()).some(({ text }) => text.includes('혹시 "float32"인가요?')),
    );
  });
});
