import type { Clock } from '../../domain/clock.ts';
import type { Finding } from './checks.ts';

const lookPeriodMs = 500;
const patienceMs = 10_000;

export interface ProofParts {
  readonly clock: Clock;
  /** Unlike anything that was ever said. */
  readonly nonce: string;
  /** Writes a line to /dev/kmsg. */
  readonly say: (line: string) => Promise<void>;
  /** Messages of a scheduler's logs that have a text. */
  readonly search: (
    text: string,
  ) => Promise<readonly { readonly form: string; readonly source: string }[]>;
}

/** Has the kernel say something, and sees whether a scheduler hears it by netconsole. */
export async function proveNetconsole(parts: ProofParts): Promise<Finding> {
  const { clock, nonce, say, search } = parts;
  const check = 'netconsole-proof';
  try {
    // Facility user, severity error: a console shows it at any level that is of use.
    await say(`<11>bridgehead doctor: ${nonce}\n`);
    const untilMs = clock.monotonicMs() + patienceMs;
    let others: readonly string[] = [];
    do {
      const found = await search(`bridgehead doctor: ${nonce}`);
      const heard = found.find(({ form, source }) => form === 'kernel' && !isOfAgent(source));
      if (heard !== undefined) {
        const saw = `a test message came to the scheduler by netconsole, from ${heard.source}`;
        return { check, state: 'ok', saw, next: '' };
      }
      others = found.map(({ source }) => source);
      await clock.sleep(lookPeriodMs);
    } while (clock.monotonicMs() < untilMs);
    const alsoBy =
      others.length === 0 ? '' : `; it came by ${[...new Set(others)].join(', ')} only`;
    const saw = `a test message did not come to the scheduler by netconsole within ${patienceMs / 1_000} s${alsoBy}`;
    const next =
      'Look at the checks above, at --netconsole-listen of the scheduler, and at remote_mac and firewalls on the way.';
    return { check, state: 'fail', saw, next };
  } catch (error) {
    const saw = `whether a test message comes to the scheduler cannot be told: ${(error as Error).message}`;
    return { check, state: 'unknown', saw, next: 'Run this as root, with --server and --token.' };
  }
}

function isOfAgent(source: string): boolean {
  return source === 'kmsg' || source.startsWith('pstore/');
}
