import assert from 'node:assert/strict';
import { test } from 'node:test';
import { advanced, closed, joined, opened } from './advance.ts';
import { foldIncident } from './fold.ts';
import type { Incident } from './incident.ts';
import { type Cause, joinMs, joins, opensIncident } from './joining.ts';
import { event, facts, failover, startMs } from './test-facts.ts';

const hourMs = 3_600_000;
const host = 'host-1';

function crash(atMs: number, uptimeS: number | null = null, boot = ''): Cause {
  const at = { atMs: startMs + atMs, uptimeS, boot };
  return { kind: 'crash', id: 1, host, reportKind: 'panic', ...at };
}

function death(atMs: number): Cause {
  return { kind: 'failover', id: 'other', host, atMs: startMs + atMs };
}

const begun = opened(host, { nowMs: startMs, atMs: startMs, facts: null, running: [] });

/** Its host was held for dead, and is back after so long where that is given. */
function dead(returnedMs: number | null): Incident {
  const events = returnedMs === null ? [] : [event(returnedMs, 'host.returned', '')];
  const given = facts({ failover: { operation: failover(), held: [] }, events });
  const incident = joined(begun, 'death');
  return advanced(incident, foldIncident(incident.story, given), returnedMs === null, startMs);
}

test('a report a minute after the failover, or after the return, is of that death', () => {
  assert.ok(joins(crash(60_000), dead(null), null));
  assert.ok(joins(crash(hourMs), dead(null), null), 'whatever it says while it is away');
  assert.ok(joins(crash(hourMs + joinMs), dead(hourMs), null), 'pstore, once it is back');
  assert.ok(!joins(crash(hourMs + joinMs + 1), dead(hourMs), null));
});

test('a second crash is another one: an hour later, in a later boot, at another death', () => {
  assert.ok(!joins(crash(hourMs), begun, null));
  const present = { id: 'new', atMs: startMs + 90_000 };
  assert.ok(!joins(crash(150_000, 60), dead(100_000), present));
  assert.ok(joins(crash(150_000, 600_000), dead(100_000), present), 'of the boot that died');
  assert.ok(!joins(crash(150_000, 600_000, 'new'), dead(100_000), present));
  assert.ok(joins(crash(150_000, 60, 'old'), dead(100_000), present));
  assert.ok(!joins(crash(-joinMs - 1), dead(null), null), 'of long before');
  assert.ok(!joins(death(150_000), dead(100_000), null));
  assert.ok(!joins(death(1_000), closed(begun, { atMs: 0, who: 'ann', text: '' }), null));
});

test('the death that a report told of joins it, and opens it again where it had recovered', () => {
  assert.ok(joins(death(300), begun, null));
  const well = { ...begun, state: 'recovered' as const, story: { ...begun.story, servedMs: 1 } };
  assert.ok(joins(death(joinMs), well, null));
  assert.ok(!joins(death(joinMs + 1), well, null));
  const again = joined(well, 'other');
  assert.deepEqual([again.state, again.story.servedMs], ['open', null]);
});

test('what a kernel outlives opens none', () => {
  const of = (reportKind: 'warning' | 'oom-kill' | 'null-dereference' | 'hung-task') =>
    opensIncident({ ...(crash(0) as Cause & { kind: 'crash' }), reportKind });
  assert.deepEqual((['warning', 'oom-kill', 'null-dereference', 'hung-task'] as const).map(of), [
    false,
    false,
    true,
    true,
  ]);
  assert.ok(opensIncident(death(0)));
});

test('it recovers once, and is followed while its host is away or reports may be late', () => {
  const away = dead(null);
  assert.deepEqual([away.state, away.isFollowed], ['recovered', true]);
  const later = (isAway: boolean, afterMs: number) =>
    advanced(away, away.story, isAway, startMs + afterMs).isFollowed;
  assert.ok(later(true, 20 * hourMs));
  assert.ok(later(false, joinMs));
  assert.ok(!later(false, joinMs + 101));
});
