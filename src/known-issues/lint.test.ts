import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lint } from './lint.ts';

const entry = {
  id: 'example-one',
  title: 'An example',
  kind: 'bug',
  what: 'An example.',
  signatures: [{ line: 'the sky is falling on {name}' }],
  releases: [{ of: 'mainline', introduced: '3.2', fixed: '4.20' }],
  sources: [{ url: 'https://example.org/thread', says: 'All of it.' }],
  advice: 'Nothing.',
  examples: [['[ 1.000000] the sky is falling on eth0']],
};

function faultsOf(...issues: readonly unknown[]): readonly string[] {
  const { faults } = lint([{ file: 'a.json', value: { subject: 'Examples', issues } }]);
  return faults.map(({ at, message }) => `${at}: ${message}`);
}

test('a good entry has no faults', () => {
  assert.deepEqual(faultsOf(entry), []);
});

const broken: readonly (readonly [what: string, change: Record<string, unknown>, fault: RegExp])[] =
  [
    ['without sources', { sources: [] }, /sources: needs a source/],
    ['with a key that is none', { fix: '1' }, /Unrecognized key/],
    [
      'with a release that is none',
      { releases: [{ of: 'mainline', fixed: 'soon' }] },
      /release, unknown or never/,
    ],
    ['without mainline', { releases: [] }, /needs a line of mainline/],
    [
      'fixed before it came in',
      { releases: [{ of: 'mainline', introduced: '5.0', fixed: '4.20' }] },
      /fixed before that/,
    ],
    [
      'of another branch',
      {
        releases: [
          { of: 'mainline', fixed: '5.0' },
          { of: 'stable', branch: '4.4', fixed: '4.9.1' },
        ],
      },
      /not of the branch/,
    ],
    [
      'with a line twice',
      {
        releases: [
          { of: 'mainline', fixed: '5.0' },
          { of: 'mainline', fixed: '5.1' },
        ],
      },
      /there twice/,
    ],
    ['with a pattern that could be anything', { signatures: [{ line: '{any}' }] }, /plain text/],
    ['that matches kinds alone', { signatures: [{ kinds: ['panic'] }] }, /needs more than kinds/],
    [
      'with line beside something',
      { signatures: [{ line: 'the sky is falling', functions: ['f'] }] },
      /has either line/,
    ],
    [
      'that misses its own example',
      { examples: [['[ 1.000000] all is well']] },
      /not matched by the entry itself/,
    ],
  ];

for (const [what, change, fault] of broken) {
  test(`finds an entry ${what}`, () => {
    assert.match(faultsOf({ ...entry, ...change }).join('\n'), fault);
  });
}

test('finds an id given twice, and an example that another entry of the kind matches', () => {
  assert.match(faultsOf(entry, entry).join('\n'), /the id is given twice/);
  const wider = { ...entry, id: 'example-two', signatures: [{ line: 'sky is falling' }] };
  assert.match(
    faultsOf(entry, wider).join('\n'),
    /example-one: example 1 is matched by example-two too/,
  );
});

test('an example that an entry beside them matches is found, unless its id replaces that entry', () => {
  const value = { subject: 'Examples', issues: [entry] };
  const { issues: beside } = lint([
    { file: 'b.json', value: { subject: 'Others', issues: [{ ...entry, id: 'example-two' }] } },
  ]);
  const { faults } = lint([{ file: 'a.json', value }], beside);
  assert.deepEqual(
    faults.map(({ message }) => message),
    ['example 1 is matched by example-two too'],
  );
  const { issues: same } = lint([{ file: 'a.json', value }]);
  assert.deepEqual(lint([{ file: 'a.json', value }], same).faults, []);
});
