// `npm run pictures`: paints every view and keeps the pictures that differ from those in test/fixtures/pictures.
import { spawnSync } from 'node:child_process';
import { root, underNode24 } from './modules.mjs';

await underNode24();
const run = (...args) =>
  spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, RNN_RENEW_PICTURES: '1', RNN_LONG_TESTS: '1' },
  }).status ?? 1;
process.exit(run('build/esbuild.mjs', '--tests') || run('--test', 'out/test/page/pictures.test.mjs'));
