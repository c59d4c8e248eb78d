// What an editor asks of a text before a run: kinds, references, an inspection, and facts at places in it.
import { isDeepStrictEqual } from 'node:util';
import type { Outline, Position } from '../../src/config/index.js';
import type { Inspection } from '../../src/protocol/messages.js';
import type { Walk } from './examine.js';

const kinds = ['config', 'weights', 'sequences', 'unknown'];
const mostFacts = 4;

/** Null where nothing can be inspected: a pair of files has no config. */
export async function checkInspection(walk: Walk): Promise<Inspection | null> {
  await checkFiles(walk);
  const {
    mutation: { entry },
    desk,
    read,
    stage,
    fault,
    answer,
  } = walk;
  if (entry.kind !== 'config') return null;
  const inspection = await stage('inspection', () =>
    desk.ask('inspect', { config: entry.config, cancel: new SharedArrayBuffer(4) }),
  );
  if (inspection === null) return null;
  answer(inspection);
  if (!isDeepStrictEqual(inspection.problems, read.problems)) fault('inspection', 'other problems than a run tells');
  checkPlaces(walk, inspection);
  await checkFacts(walk, inspection);
  return inspection;
}

async function checkFiles({ mutation: { files }, desk, texts, stage, fault, answer }: Walk): Promise<void> {
  await stage('kinds and references', async () => {
    for (const [name, bytes] of Object.entries(files)) {
      const survey = await desk.ask('survey', { bytes, cancel: null });
      const references = await desk.ask('references', { bytes, cancel: null });
      if (survey === null || references === null) {
        fault('kinds and references', 'no answer to a question that nobody stopped', name);
        continue;
      }
      if (!kinds.includes(survey.kind)) fault('kinds and references', 'a file of no kind', survey.kind);
      for (const { range, key, reference } of references) {
        const wrong = texts.of(name).wrongRange(range);
        if (wrong !== null)
          fault(
            'kinds and references',
            'a reference outside of its file',
            `${key}: ${reference.slice(0, 100)} at ${wrong}`,
          );
      }
      answer({ survey, references });
    }
  });
}

function checkPlaces({ texts, fault }: Walk, { parts, links, offers, documents, shapes }: Inspection): void {
  const check = (what: string, file: string, range: Parameters<ReturnType<typeof texts.of>['wrongRange']>[0]): void => {
    const wrong = texts.of(file).wrongRange(range);
    if (wrong !== null) fault('inspection', `${what} outside of its file`, `${file} ${wrong}`);
  };
  for (const { file, key, value } of [...parts, ...offers]) {
    check('a part', file, key);
    check('a part', file, value);
  }
  for (const { file, range } of links) check('a link', file, range);
  for (const { file, outline, matrixLines } of documents) {
    const visit = ({ range, key, children }: Outline): void => {
      check('an entry of the outline', file, range);
      check('an entry of the outline', file, key);
      children.forEach(visit);
    };
    outline.forEach(visit);
    const { lines } = texts.of(file);
    if (!matrixLines.every(({ start, end }) => start >= 0 && start < end && end < lines))
      fault('inspection', 'lines of a matrix outside of its file', file);
  }
  for (const size of Object.values(shapes))
    if (size !== null && !(Number.isSafeInteger(size) && size >= 0))
      fault('inspection', 'a shape that is none', JSON.stringify(shapes));
}

async function checkFacts(walk: Walk, { parts }: Inspection): Promise<void> {
  const {
    mutation: { entry },
    dice,
    desk,
    stage,
    fault,
    answer,
    texts,
  } = walk;
  if (entry.kind !== 'config' || parts.length === 0) return;
  await stage('facts', async () => {
    for (let i = Math.min(mostFacts, parts.length); i > 0; i--) {
      const { file, key, value } = dice.pick(parts);
      const line = dice.between(value.start.line, value.end.line);
      const position = dice.pick([key.start, value.start, value.end, { line, character: dice.below(60) }]);
      const facts = await desk.ask('facts', { config: entry.config, file, position, cancel: new SharedArrayBuffer(4) });
      answer(facts);
      await checkGates(walk, entry.config, file, position);
      if (facts === null) continue;
      const {
        element,
        part: { shape },
      } = facts;
      const inside =
        element === null ||
        (element.indices.length === shape?.length &&
          element.indices.every((index, axis) => index >= 0 && index < (shape[axis] ?? 0)));
      if (!inside) fault('facts', 'an element outside of its block', JSON.stringify({ element, shape }));
      if (texts.of(file).offset(position) === null) continue;
      const wrong = texts.of(facts.part.file).wrongRange(facts.part.value);
      if (wrong !== null) fault('facts', 'a part outside of its file', wrong);
    }
  });
}

/** The gate at a place, and where all of the file's gates stand. */
async function checkGates(
  { desk, texts, fault, answer }: Walk,
  config: string,
  file: string,
  position: Position,
): Promise<void> {
  const cancel = new SharedArrayBuffer(4);
  answer(await desk.ask('gateAt', { config, file, position, cancel }));
  const places = await desk.ask('gatePlaces', { config, file, lines: { from: 0, to: 1e9 }, cancel });
  answer(places);
  for (const { start, range } of places?.flatMap(({ gates }) => gates) ?? []) {
    const wrong = texts.of(file).wrongRange(range ?? { start, end: start });
    if (wrong !== null) fault('facts', 'a gate outside of its file', wrong);
  }
}
