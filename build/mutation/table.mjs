// What `npm run mutate` tells: of each file the mutants, how many were noticed, and where the others stand.
import path from 'node:path';
import { lineOf } from './sample.mjs';

const isNoticed = (status) => status === 'Killed' || status === 'Timeout';
const counted = (status) => isNoticed(status) || status === 'Survived' || status === 'NoCoverage';

/**
 * `noticed`: the share of the counted mutants of the sample that some test noticed; those of an ignored sentence and of
 * a wrong syntax count not.
 */
export function mutantTable(all, root, isChosen) {
  const nameOf = ({ fileName }) => path.relative(root, fileName).replaceAll(path.sep, '/');
  const results = all.filter((mutant) => isChosen(nameOf(mutant), mutant));
  const byFile = Map.groupBy(results, nameOf);
  const row = (name, mutants) => {
    const tried = mutants.filter(({ status }) => counted(status)).length;
    const killed = mutants.filter(({ status }) => isNoticed(status)).length;
    const late = mutants.filter(({ status }) => status === 'Timeout').length;
    const untouched = mutants.filter(({ status }) => status === 'NoCoverage').length;
    const share = tried === 0 ? 1 : killed / tried;
    const figures = [tried, killed, late, tried - killed - untouched, untouched].map((n) => String(n).padStart(8)).join('');
    return { line: `${name.padEnd(46)}${figures}${(100 * share).toFixed(1).padStart(8)} %`, share };
  };
  const rows = [...byFile].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => row(name, own).line);
  const whole = row('all', results);
  const head = `${'file'.padEnd(46)}${['mutants', 'noticed', 'endless', 'alive', 'untried'].map((h) => h.padStart(8)).join('')}`;
  const survivors = results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map((mutant) => lineOf(nameOf(mutant), mutant))
    .sort();
  const isLoaded = ({ static: isStatic, status }) => isStatic === true && status === 'Ignored';
  const loaded = results.filter(isLoaded).length;
  const told =
    `${results.length} of ${all.length} mutants were chosen; ${loaded} of them change what is computed while a ` +
    `module loads, and are not tried.`;
  return { text: [head, ...rows, whole.line, told].join('\n'), noticed: whole.share, survivors };
}
