// From the files that an input names to what is run.
import { t } from '@vscode/l10n';
import { bestBlock, usualSequences } from '../config/read/index.js';
import type { Entry, FileSurvey, FoundNetwork } from '../config/read/index.js';
import { asData } from '../worker/record/index.js';
import type { EngineClient } from '../worker/thread/index.js';
import type { Subject } from './toolInput.js';
import { ToolError } from './toolHost.js';
import type { ToolHost } from './toolHost.js';

/** More names are no choice. */
const mostNames = 12;

const listed = (names: readonly string[]): string => {
  const told = names.slice(0, mostNames).map((name) => asData(name));
  return names.length > mostNames ? `${told.join(', ')}, …` : told.join(', ');
};

/** Null for a file that cannot be read: what is wrong with it a run tells best. */
async function survey(id: string, host: ToolHost, client: EngineClient): Promise<FileSurvey | null> {
  const content = await host.readFile({ reference: id, from: null });
  return content.ok ? client.request('survey', { bytes: content.bytes, name: id, cancel: null }) : null;
}

function chosenNetwork({ networks }: FileSurvey, name: string | undefined): FoundNetwork | null {
  const names = networks.map((network) => network.name ?? '');
  if (name === undefined) {
    if (networks.length < 2) return networks[0] ?? null;
    throw new ToolError(
      t(
        'The file of weights holds several networks: {0}. Call the tool again with one of them as "network".',
        listed(names),
      ),
    );
  }
  const found = networks.find((network) => network.name === name);
  if (found !== undefined || networks.length === 0) return found ?? null;
  if (networks.every((network) => network.name === null))
    throw new ToolError(
      t('The file of weights has one network, without a name. Call the tool again without "{0}".', 'network'),
    );
  throw new ToolError(
    t(
      'The file of weights has no network {0}. Call the tool again with one that it has: {1}.',
      asData(name),
      listed(names),
    ),
  );
}

/** @throws ToolError */
export async function entryOf(subject: Subject, host: ToolHost, client: EngineClient): Promise<Entry> {
  const { path, sequences, network, array, order } = subject;
  const id = await host.place(path);
  const isConfig = path.endsWith('.rnn.json');
  const found = isConfig ? null : await survey(id, host, client);
  if (isConfig || found?.kind === 'config') {
    const alone = Object.entries({ sequences, network, array, order }).find(([, value]) => value !== undefined);
    if (alone === undefined) return { kind: 'config', config: id };
    throw new ToolError(
      t(
        '{0} is a config, which names its own weights and sequences. Call the tool again without "{1}".',
        asData(path),
        alone[0],
      ),
    );
  }
  // Why it cannot be read is told by the run that reads it.
  if (found === null) return { kind: 'config', config: id };
  // So is why its format is refused; what is no JSON may be anything.
  if (found.problem !== undefined && found.problem.code !== 'not-json')
    return { kind: 'pair', weights: id, sequences: usualSequences(null) };
  if (found.kind !== 'weights')
    throw new ToolError(
      t(
        '{0} holds no weights of a recurrent network. Call the tool again with a config (*.rnn.json) or a file of ' +
          'weights as "path", and with sequences as "sequences".',
        asData(path),
      ),
    );
  const meant = chosenNetwork(found, network);
  const name = meant?.name ?? null;
  const pair = {
    kind: 'pair',
    weights: id,
    ...(name === null ? {} : { network: name }),
    ...(order === undefined ? {} : { order }),
  } as const;
  if (sequences === undefined) return { ...pair, sequences: usualSequences(meant?.I ?? null) };
  const file = await host.place(sequences);
  const known = { network: meant, B: null, T: null, loss: null };
  const blocks = array === undefined ? await survey(file, host, client) : null;
  const chosen = array ?? (blocks === null ? null : (bestBlock(blocks, 'sequences', known)?.name ?? null));
  return { ...pair, sequences: file, ...(chosen === null ? {} : { array: chosen }) };
}
