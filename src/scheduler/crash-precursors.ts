import { livedOnMs } from '../crash/boot.ts';
import { openEnvelope } from '../crash/envelope.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { CrashPrecursorsView } from '../protocol/crash-precursor-views.ts';
import type { Crash } from '../store/crash-store.ts';
import type { HostWindow } from '../store/log-window-store.ts';
import type { CrashGroupsBook } from './crash-groups.ts';
import { LogPrecursors } from './log-precursors.ts';

/** The newest crashes of a group; more would tell the same. */
const crashesMax = 30;
const hostsMax = 50;
const linesMax = 2_000;

/** Which crashes: one report, or all of a group. */
export interface WantedPrecursors {
  readonly report?: number | undefined;
  readonly group?: string | undefined;
  readonly windowMs: number;
}

/**
 * What hosts said before they crashed, held against what hosts that did not crash said in the very
 * same time. Reads the windows one by one and lets others work between them.
 *
 * @throws BridgeheadError NOT_FOUND, REQUEST_INVALID where not one of both is named
 */
export async function crashPrecursors(
  book: CrashGroupsBook,
  { report, group, windowMs }: WantedPrecursors,
): Promise<CrashPrecursorsView> {
  if ((report === undefined) === (group === undefined)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      'either a report or a group has to be named',
      'Give one of both.',
    );
  }
  const { members } = await book.read();
  const { store, clock } = book.parts;
  const wanted = members.filter((one) => one.crash.id === report || one.group === group);
  if (wanted.length === 0) {
    throw new BridgeheadError(
      'NOT_FOUND',
      `there is no crash report of ${group === undefined ? `number ${report}` : `group ${group}`}`,
      'See which there are: bridgehead crash list, bridgehead crash groups',
    );
  }
  const firsts = new Map(
    wanted.toReversed().map((one) => [`${one.crash.host} ${one.boot ?? one.crash.id}`, one.crash]),
  );
  const crashes = [...firsts.values()].slice(0, crashesMax);
  const found = new LogPrecursors();
  let leftOut = 0;
  for (const [stratum, { host, atMs, report: own }] of crashes.entries()) {
    const span = { sinceMs: atMs - windowMs, untilMs: atMs + livedOnMs };
    const all = await store.logWindows.windows({ ...span, host, hostsMax, linesMax });
    const crashed = all.find((one) => one.host === host);
    if (crashed === undefined) continue;
    const isHealthy = healthyBeside(
      members.map(({ crash }) => crash),
      atMs,
      windowMs,
    );
    const lines = before(crashed.lines, own.lines[0] ?? '');
    found.take({ stratum, isBeforeCrash: true, lines });
    leftOut += crashed.leftOut;
    for (const one of all) {
      if (one === crashed || !isHealthy(one.host)) continue;
      found.take({ stratum, isBeforeCrash: false, lines: one.lines });
      leftOut += one.leftOut;
      // Thousands of lines each: who keeps leases must not wait for all of them.
      await clock.sleep(0);
    }
  }
  return found.result(windowMs, leftOut);
}

/** Whether a host reported nothing within the window, or so soon after it that it was on its way. */
function healthyBeside(
  crashes: readonly Crash[],
  atMs: number,
  windowMs: number,
): (host: string) => boolean {
  const ill = new Set(
    crashes.filter((one) => Math.abs(one.atMs - atMs) <= windowMs).map(({ host }) => host),
  );
  return (host) => !ill.has(host);
}

// The report's own lines came before it was cut out. Where its head is not among them (by another
// way, or beyond the limit), what looks like a report is in the window, and comes out as a sign.
function before(lines: HostWindow['lines'], head: string): HostWindow['lines'] {
  const at = lines.findLastIndex(({ text }) =>
    openEnvelope(text).some((one) => one.text.trim() === head.trim()),
  );
  return at < 0 ? lines : lines.slice(0, at);
}
