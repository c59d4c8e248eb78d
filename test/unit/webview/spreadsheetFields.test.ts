import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { csvLine, tsvLine } from '../../../webview/widgets/spreadsheetFields.js';

const formulas = [
  '=1+1',
  '=HYPERLINK("http://a.test","b")',
  '+1+1',
  '-1+1',
  '@SUM(A1)',
  '-',
  '=',
  ' =1',
  '-1.5 units',
  '+x',
  '-1e',
  '--1',
  '1e5'.replace('1', '='),
];
const numbers = [
  '-1.5',
  '+2',
  '-0',
  '0',
  '-1e-300',
  '2.5E+10',
  '-.5',
  '-5.',
  '-Infinity',
  'Infinity',
  'NaN',
  '3.162277660168e-451',
  '-1.000000000000e-400',
  '1',
];

describe('cells of a text for spreadsheets', () => {
  it('are never formulas', () => {
    for (const text of formulas) {
      assert.equal(tsvLine([text]), `'${text}`, text);
      assert.match(csvLine([text]), /^"?'/, text);
    }
    assert.equal(tsvLine(['\r=1']), "' =1");
    assert.equal(tsvLine(['\t\n@x']), "' @x");
  });

  it('are numbers where they are plain numbers', () => {
    for (const text of numbers) {
      assert.equal(tsvLine([text, text]), `${text}\t${text}`);
      assert.equal(csvLine([text, text]), `${text},${text}`);
    }
  });

  it('stay one cell each, whatever they hold', () => {
    assert.equal(tsvLine(['a\tb', 'c\r\nd', '']), 'a b\tc d\t');
    assert.equal(csvLine(['a,b', 'c"d', 'e\rf', 'g\nh', '', 'i']), '"a,b","c""d","e\rf","g\nh",,i');
    assert.equal(csvLine(['=1,"2"']), '"\'=1,""2"""');
  });

  it('are left alone when they only look like it', () => {
    for (const text of ['‖g_t‖', '#1', 'a = b', '1 … 2', '−3', '–', 'Wh']) assert.equal(tsvLine([text]), text);
  });
});
