// `npm run package`: the production build as rnn-gradients-VERSION.vsix, which any VS Code installs. With --no-build of
// what `npm run build -- --production` has left in dist.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureModules, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { billPathOf, packageInto } = await import('./packaging.mjs');
const { default: config } = await import('./release.config.mjs');
const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const packagePath = path.join(root, `${name}-${version}.vsix`);
const { length } = await packageInto(packagePath, config, { build: !process.argv.includes('--no-build') });
const bill = path.basename(billPathOf(packagePath));
console.log(`${path.basename(packagePath)}: ${(length / 1024).toFixed(0)} KiB, and what is bundled in it: ${bill}`);
