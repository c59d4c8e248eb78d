// What `npm run mutate` tells: of each file the mutants, how many were noticed, and where the others stand.
import path from 'node:path';

const noticed = (status) => status === 'Killed' || status === 'Timeout';
const counted = (status) => noticed(status) || status === 'Survived' || status === 'NoCoverage';

const place = (root, { fileName, location }) =>
  `${path.relative(root, fileName).replaceAll(path.sep, '/')}:${location.start.line}:${location.start.column}`;

/** `share` of the counted mutants that some test noticed; those of an ignored sentence and of a wrong syntax count not. */
export function mutantTable(results, root) {
  const byFile = Map.groupBy(results, ({ fileName }) => path.relative(root, fileName).replaceAll(path.sep, '/'));
  const row = (name, mutants) => {
    const all = mutants.filter(({ status }) => counted(status)).length;
    const killed = mutants.filter(({ status }) => noticed(status)).length;
    const untouched = mutants.filter(({ status }) => status === 'NoCoverage').length;
    const share = all === 0 ? 1 : killed / all;
    const figures = [all, killed, all - killed - untouched, untouched].map((n) => String(n).padStart(8)).join('');
    return { line: `${name.padEnd(46)}${figures}${(100 * share).toFixed(1).padStart(8)} %`, share };
  };
  const rows = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => row(name, own).line);
  const whole = row('all', results);
  const head = `${'file'.padEnd(46)}${['mutants', 'noticed', 'alive', 'untried'].map((h) => h.padStart(8)).join('')}`;
  const survivors = results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map((mutant) => `${place(root, mutant)} ${mutant.mutatorName}: ${JSON.stringify(mutant.replacement)}`)
    .sort();
  return { text: [head, ...rows, whole.line].join('\n'), share: whole.share, survivors };
}
