// The report takes what a part of the page exports once, when the part has run: nothing of it may be assigned later.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Linter } from 'eslint';
import type { Rule } from 'eslint';
import { partsFrom } from '../support/pageParts.js';

/** Reports every exported binding that is assigned anywhere but in its declaration. */
const assignedLater: Rule.RuleModule = {
  create: (context) => ({
    ExportSpecifier(node) {
      const { local } = node;
      if (local.type !== 'Identifier') return;
      const variable = context.sourceCode.getScope(node).set.get(local.name);
      if (variable === undefined) context.report({ node, message: `${local.name} is declared nowhere` });
      for (const reference of variable?.references ?? [])
        if (reference.isWrite() && !reference.init)
          context.report({ node: reference.identifier, message: `${local.name} is assigned later` });
    },
  }),
};
const faultsOf = (text: string): string[] =>
  new Linter()
    .verify(text, [
      {
        languageOptions: { ecmaVersion: 'latest', sourceType: 'module' },
        // The page's own comments speak to another configuration.
        linterOptions: { noInlineConfig: true },
        plugins: { parts: { rules: { assignedLater } } },
        rules: { 'parts/assignedLater': 'error' },
      },
    ])
    .filter(({ ruleId, fatal }) => ruleId === 'parts/assignedLater' || fatal === true)
    .map(({ message }) => message);

describe('the parts of the page', () => {
  it('export nothing that is assigned after its declaration', async () => {
    const parts = await partsFrom('main.js', true);
    assert.ok(parts.size > 3);
    for (const [file, text] of parts) assert.deepEqual(faultsOf(text), [], file);
  });

  it('would be found out', () => {
    assert.deepEqual(faultsOf('let a=1;function b(){a=2}export{a as x,b as y};'), ['a is assigned later']);
    assert.deepEqual(faultsOf('let a=1;function b(a){a=2}export{a as x,b as y};'), []);
  });
});
