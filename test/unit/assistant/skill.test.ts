// The skill tells an assistant of tools, commands and inputs that there are.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { tools } from '../../../src/assistant/index.js';
import { readChange } from '../../../src/assistant/toolInput.js';

it('the skill names what there is: tools, changes, a command; and itself by its folder', () => {
  const text = readFileSync('media/skills/rnn-gradients/SKILL.md', 'utf8');
  assert.match(text, /^---\nname: rnn-gradients\ndescription: .{20,1024}\n---\n/);
  for (const [name] of text.matchAll(/rnn-gradients_\w+/g))
    assert.ok(
      tools.some((tool) => tool.name === name),
      name,
    );
  const changes = [...text.matchAll(/`(\{ [^`]+ \})`/g)].map(([, json = '']) => JSON.parse(json) as object);
  assert.ok(changes.length > 3);
  for (const change of changes) readChange({ path: 'x', change: { sigmaMax: 1, ...change } });
  const sentences = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Readonly<Record<string, string>>;
  for (const [, title = ''] of text.matchAll(/`RNN: ([^`]+)`/g))
    assert.ok(Object.values(sentences).includes(title), title);
});
