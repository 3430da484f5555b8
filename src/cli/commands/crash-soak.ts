import { BridgeheadError } from '../../domain/errors.ts';
import { exposuresOf, type Side } from '../../statistics/fleet.ts';
import { type Exposure, soak } from '../../statistics/soak.ts';
import { parseDurationMs } from '../duration.ts';
import { readFleetCrashes } from '../fleet-crashes.ts';
import { oneLine, printable } from '../printable.ts';
import type { Session } from '../session.ts';
import { recordText } from '../table.ts';
import type { Given } from '../verb.ts';

const crashesMax = 1_000_000;
const hostsMax = 1_000_000;
const percent = 100;
const confidenceMin = 50;
const confidenceMax = 99.9;

/** Says how sure a quiet time makes us. @throws BridgeheadError REQUEST_INVALID */
export async function tellSoak(session: Session, given: Given): Promise<void> {
  const before = exposure(given, 'before');
  const after = exposure(given, 'after');
  const hosts = given.has('hosts') ? given.whole('hosts', '--hosts', 1, hostsMax) : null;
  await printSoak(session, given, { before, after, hosts, notes: [] });
}

/** The same of the fleet, by the record of its boots. @throws BridgeheadError REQUEST_INVALID */
export async function tellFleetSoak(session: Session, given: Given): Promise<void> {
  const nowMs = session.terminal.clock.wallMs();
  const sinceText = given.text('since');
  const sinceMs = sinceText === undefined ? null : sinceOf(sinceText, nowMs);
  const fact = given.has('with') ? factOf(given.text('with') ?? '') : null;
  const { boots, meant, notes } = await readFleetCrashes(session, given);
  const { before, after, leftOutDays } = exposuresOf(boots, meant, { sinceMs, fact });
  const up = boots.filter(
    (one) => one.ended === null && (fact === null || one.facts[fact.name] === fact.value),
  );
  const hosts = new Set(up.map(({ host }) => host)).size;
  const more: string[] = [];
  if (leftOutDays > 0) {
    more.push(`${days(leftOutDays)} host-days since then without the change are left out.`);
  }
  const odd = mostOf(before);
  if (odd !== null) more.push(odd);
  more.push('Boots of one host are taken for independent.');
  await printSoak(session, given, {
    ...{ before, after, hosts: hosts === 0 ? null : hosts, notes: [...notes, ...more] },
  });
}

async function printSoak(
  session: Session,
  given: Given,
  counted: {
    readonly before: Exposure;
    readonly after: Exposure;
    readonly hosts: number | null;
    readonly notes: readonly string[];
  },
): Promise<void> {
  const { before, after, hosts, notes } = counted;
  const confidence = number(given, 'confidence', confidenceMin, confidenceMax) / percent;
  const result = soak(before, after, confidence);
  const needed = result.neededHostDays;
  const missingHostDays = needed === null ? null : Math.max(0, needed - after.hostDays);
  const missingDays = missingHostDays === null || hosts === null ? null : missingHostDays / hosts;
  const sure = `${confidence * percent} %`;
  await session.print(
    { before, after, confidence, ...result, missingHostDays, missingDays, notes },
    () => {
      if (result.lack !== null) return [...notes, `Not enough data: ${result.lack}.`].join('\n');
      const more =
        missingHostDays === null
          ? 'more than can be watched'
          : `${days(missingHostDays)} host-days${missingDays === null ? '' : `, ${days(missingDays)} days of ${hosts} hosts`}`;
      const record = recordText([
        ['Before', `${before.crashes} crashes in ${days(before.hostDays)} host-days`],
        ['After', `${after.crashes} crashes in ${days(after.hostDays)} host-days`],
        ['If nothing changed', `as quiet as this in ${share(result.ifUnchanged)} of all cases`],
        ['If a tenth is left', `as quiet as this in ${share(result.ifTenfoldLess)} of all cases`],
        ['Fewer than before', result.isShown ? `yes, at ${sure}` : `not shown at ${sure}`],
        ['Still to watch', result.isShown ? 'nothing' : `${more}, without another crash`],
      ]);
      return [...notes, record].join('\n');
    },
  );
}

/** A date, or a duration ago. @throws BridgeheadError REQUEST_INVALID */
function sinceOf(text: string, nowMs: number): number {
  const date = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z?)?$/.test(text);
  const atMs = date
    ? Date.parse(text.includes('T') && !text.endsWith('Z') ? `${text}Z` : text)
    : nowMs - parseDurationMs(text, '--since');
  if (Number.isFinite(atMs) && atMs < nowMs) return atMs;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--since ${text} is no time that has been`,
    'Give a date such as 2026-11-01 or 2026-11-01T12:00Z, in UTC, or a duration ago such as 30d.',
  );
}

function factOf(text: string): { readonly name: string; readonly value: string } {
  const [, name, value] = /^([^=]{1,256})=(.{0,1024})$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return { name, value };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `--with ${text} is no fact with its value`,
    'Give it as kernel=6.1.0-21-amd64; bridgehead crash boots -o json has the facts.',
  );
}

// Three crashes of one host are worth less than three of three.
function mostOf({ crashes, crashesByHost }: Side): string | null {
  const [most] = Object.entries(crashesByHost).toSorted(([, a], [, b]) => b - a);
  if (most === undefined || crashes < 2 || most[1] * 2 <= crashes) return null;
  return `${most[1]} of the ${crashes} crashes before it are of ${oneLine(printable(most[0]))}: it may be that host.`;
}

function exposure(given: Given, name: 'before' | 'after'): Exposure {
  const crashes = given.whole(name, `--${name}`, 0, crashesMax);
  return { crashes, hostDays: number(given, `${name}Days`, 0, 1e9) };
}

function number(given: Given, name: string, min: number, max: number): number {
  const text = given.text(name) ?? '';
  const value = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${option} ${text} is no number from ${min} to ${max}`,
    `Give ${option} such a number.`,
  );
}

function days(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function share(value: number): string {
  if (value > 0 && value < 0.000_1) return `${(value * percent).toExponential(1)} %`;
  return `${(value * percent).toFixed(value < 0.01 ? 2 : 1)} %`;
}
