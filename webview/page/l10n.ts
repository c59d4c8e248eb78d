// The page's sentences in the user's language: the host puts the bundle into the page as inert JSON, which is read
// before anything is said.
import { config } from '@vscode/l10n';

export { t } from '@vscode/l10n';

config({ contents: document.getElementById('l10n')?.textContent ?? '{}' });
