// The agent's own dead-man's switch: it renews its ports while its main loop is well, and the kernel
// stops them when it is not. Decided here, done by `port-renewal.ts`.

export interface DeadMan {
  /** Until when the kernel lets the ports pass, by the last renewal; null before the first. */
  readonly untilMs: number | null;
  /** When the last renewal was asked for. */
  readonly renewedMs: number | null;
}

export const deadManAtStart: DeadMan = { untilMs: null, renewedMs: null };

export type DeadManStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'renew' }
  /** The ports have run out, or will before a renewal is sure to arrive: let go of everything. */
  | { readonly kind: 'fence' };

/**
 * @param marginMs how long a renewal may take to reach the kernel. Within it before the end the loop
 * fences rather than races: others count on the end
 */
export function deadManStep(
  deadMan: DeadMan,
  nowMs: number,
  rules: { readonly renewMs: number; readonly marginMs: number },
): DeadManStep {
  if (deadMan.untilMs === null || deadMan.renewedMs === null) return { kind: 'renew' };
  if (nowMs >= deadMan.untilMs - rules.marginMs) return { kind: 'fence' };
  return nowMs - deadMan.renewedMs >= rules.renewMs ? { kind: 'renew' } : { kind: 'wait' };
}

/**
 * A renewal for `ms` that was begun at `beganMs` and has succeeded. Counted from its beginning: the
 * kernel counts from later, so that what is assumed here never outlasts what the kernel does.
 */
export function afterRenewal(beganMs: number, ms: number): DeadMan {
  return { untilMs: beganMs + ms, renewedMs: beganMs };
}
