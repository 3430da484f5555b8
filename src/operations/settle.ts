import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Assignment, Instance, ObservedInstance } from '../domain/model.ts';
import type { Hands } from './hands.ts';
import type { Run } from './run.ts';

/** How long a host may take to bring an instance to what is desired. */
const settleTimeoutMs = 60_000;
/** How long a failure may last before it counts: agents try again by themselves. */
const failureGraceMs = 5_000;
/** How often the store is asked for what another scheduler hears. */
const elsewhereLookMs = 1_000;

/**
 * Waits until the instance's host shows it as it is stored: serving, under the assignment's epoch,
 * with the configuration loaded.
 *
 * @returns what was seen, for people
 * @throws BridgeheadError OPERATION_FAILED where the host says that it cannot, or says nothing
 */
export async function settled(
  run: Run,
  instance: Instance,
  { host, epoch }: Assignment,
): Promise<string> {
  const { hands, clock } = run;
  // What another scheduler hears of a host that is not connected here is in the store.
  let elsewhere: ObservedInstance | null = null;
  const seen = () => (hands.isConnected(host) ? hands.observed(host, instance.id) : elsewhere);
  const isRight = () => {
    const now = seen();
    return (
      now?.phase === 'serving' && now.configHash === instance.configHash && now.epoch === epoch
    );
  };
  const endMs = clock.monotonicMs() + settleTimeoutMs;
  while (clock.monotonicMs() < endMs) {
    const isFailed = () => seen()?.phase === 'failed';
    if (!hands.isConnected(host)) {
      elsewhere = await run.look((tx) => tx.observation(host, instance.id));
    }
    const lookMs = Math.min(endMs - clock.monotonicMs(), elsewhereLookMs);
    const isFound = await run.until(() => isRight() || isFailed(), lookMs);
    if (!isFound) continue;
    if (isRight()) return `serves on ${host}, configuration ${instance.configHash.slice(0, 12)}`;
    if (isFailed() && !(await run.until(() => !isFailed(), failureGraceMs))) break;
  }
  if (isRight()) return `serves on ${host}, configuration ${instance.configHash.slice(0, 12)}`;
  throw notSettled(hands, instance, host);
}

function notSettled(hands: Hands, { id, spec }: Instance, host: HostName): BridgeheadError {
  const problem = hands.observed(host, id)?.problem?.message;
  const why = problem ?? (hands.isConnected(host) ? 'it is not there yet' : `${host} is silent`);
  return new BridgeheadError(
    'OPERATION_FAILED',
    `instance ${spec.name} does not serve on ${host} as it was applied: ${why}`,
    `See what is wrong: bridgehead describe instance ${spec.name}`,
  );
}
