// `npm run package`: the production build as rnn-gradients-VERSION.vsix, which any VS Code installs.
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ensureModules, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { createVSIX } = await import('@vscode/vsce');
const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const packagePath = path.join(root, `${name}-${version}.vsix`);
// The build itself is the script vscode:prepublish, which vsce runs first. Everything is bundled, so no packages go
// along.
await createVSIX({
  cwd: root,
  packagePath,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
console.log(`${path.basename(packagePath)}: ${(statSync(packagePath).size / 1024).toFixed(0)} KiB`);
