import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exposition } from './exposition.ts';
import { numberFields } from './fields.ts';
import { haproxyFamilies } from './haproxy-metrics.ts';
import { parseExposition } from './test-exposition.ts';

/** What has a meaning in the text, and what has none. */
const awkward = fc.constantFrom('"', '\\', '\n', 'n', '{', '}', ',', '=', ' ', '#', 'é', '\0');
const names = { name: 'a_total', help: 'Says\nwhat \\ it is.', type: 'counter' } as const;

test('whatever a label says, it is read back as it was', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: awkward }), { maxLength: 5 }), (values) => {
      const distinct = [...new Set(values)];
      const samples = distinct.map((value, at) => ({ labels: { label: value }, value: at }));
      const text = [...exposition([{ ...names, samples }])].join('');
      if (distinct.length === 0) return assert.equal(text, '');
      const read = parseExposition(text).get('a_total');
      assert.deepEqual(read?.samples, samples);
    }),
  );
});

test('long metrics come in pieces, each of whole lines, and each family once', () => {
  const samples = Array.from({ length: 2_500 }, (_, at) => ({
    labels: { at: String(at) },
    value: 0.5,
  }));
  const more = {
    name: 'b',
    help: '',
    type: 'gauge',
    samples: [{ labels: {}, value: -1 }],
  } as const;
  const pieces = [...exposition([{ ...names, samples }, more])];
  assert.ok(pieces.length > 2 && pieces.every((piece) => piece.endsWith('\n')));
  const read = parseExposition(pieces.join(''));
  assert.equal(read.get('a_total')?.samples.length, 2_500);
  assert.deepEqual(read.get('b')?.samples, [{ labels: {}, value: -1 }]);
});

test('counts end in _total, times are in seconds, and a state is 1 in one place', () => {
  const row = numberFields.map(({ name }) =>
    name === 'status' ? 4 : name.endsWith('Ms') ? 250 : 3,
  );
  const rows = new Map(
    ['process', 'frontend/f', 'backend/b', 'server/b/s'].map((key) => [key, row] as const),
  );
  const kinds = ['process', 'frontend', 'backend', 'server'] as const;
  const text = [...exposition(haproxyFamilies([{ name: 'web', rows }], kinds))].join('');
  const read = parseExposition(text);
  for (const [name, { type, help, samples }] of read) {
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.match(help, /^[A-Z1].*\.$/, name);
    for (const { labels } of samples) assert.equal(labels['instance_name'], 'web');
  }
  const responses = read.get('haproxy_frontend_http_responses_total')?.samples ?? [];
  assert.deepEqual(
    responses.map(({ labels }) => labels['code']),
    ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'],
  );
  assert.equal(read.get('haproxy_server_response_time_average_seconds')?.samples[0]?.value, 0.25);
  const states = read.get('haproxy_server_status')?.samples ?? [];
  assert.deepEqual(
    states.filter(({ value }) => value === 1).map(({ labels }) => labels['state']),
    ['DRAIN'],
  );
});
