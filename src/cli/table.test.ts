import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters, styleText } from 'node:util';
import { array, assert as check, constantFrom, integer, property } from 'fast-check';
import { recordText, tableText } from './table.ts';

const headings = ['NAME', 'COUNT', 'MESSAGE'];
const rows = [
  ['shop-web', '7', 'the agent says that all is well with it'],
  ['a', '12', 'short'],
];

test('where nobody looks a record stays on its line', () => {
  assert.equal(
    tableText(headings, rows, { right: new Set(['COUNT']) }),
    `NAME      COUNT  MESSAGE
shop-web      7  the agent says that all is well with it
a            12  short`,
  );
});

test('a wide terminal changes nothing, a narrow one has the last column go on below itself', () => {
  const shape = { right: new Set(['COUNT']) };
  assert.equal(
    tableText(headings, rows, { ...shape, columns: 56 }),
    tableText(headings, rows, shape),
  );
  assert.equal(
    tableText(headings, rows, { ...shape, columns: 40 }),
    `NAME      COUNT  MESSAGE
shop-web      7  the agent says that all
                 is well with it
a            12  short`,
  );
});

test('a terminal too narrow for a column of text is left to wrap by itself', () => {
  assert.equal(tableText(headings, rows, { columns: 30 }), tableText(headings, rows));
});

test('a last column that is set right is not wrapped', () => {
  const counts = { right: new Set(['MESSAGE']), columns: 40 };
  assert.equal(tableText(headings, rows, counts).split('\n').length, 3);
});

test('lines of a cell are joined, and a missing cell is empty', () => {
  assert.equal(tableText(['A', 'B'], [['x\ny', '1'], ['z']]), 'A    B\nx y  1\nz');
});

test('colours take no room, wrapped or not', () => {
  const red = (text: string) => styleText('red', text, { validateStream: false });
  const coloured = rows.map((row) => row.map(red));
  for (const columns of [40, 80]) {
    const bare = stripVTControlCharacters(tableText(headings, coloured, { columns }));
    assert.equal(bare.replace(/ +$/gm, ''), tableText(headings, rows, { columns }));
  }
});

test('wrapping keeps every word in its order, and every line that can be within the width', () => {
  const word = constantFrom('a', 'host-1', '2001:db8:0:10::10', 'migrating');
  check(
    property(array(word, { maxLength: 30 }), integer({ min: 28, max: 90 }), (words, columns) => {
      const text = tableText(['NAME', 'WHY'], [['shop', words.join(' ')]], { columns });
      const lines = text.split('\n').slice(1);
      assert.deepEqual(lines.join(' ').split(' ').filter(Boolean), ['shop', ...words]);
      for (const line of lines) assert.ok(line.length <= columns, line);
    }),
  );
});

test('a record wraps its values in their column', () => {
  assert.equal(
    recordText(
      [
        ['Name', 'x'],
        ['Notes', 'one two three four five\nsix'],
      ],
      28,
    ),
    `Name   x
Notes  one two three four
       five
       six`,
  );
});
