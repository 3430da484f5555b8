import type { Timings } from '../src/detection/timings.ts';

/**
 * The production's timings, some ten times slower, so that a seed costs no more than it has to. How
 * they stand to each other is what counts: probes to a silence, a lease that bridges them, and
 * a margin above {@link wireMostMs}.
 */
export const simTimings: Timings = {
  probePeriodMs: 200,
  silentMs: 800,
  agentSilentMs: 5_000,
  leaseMs: 1_000,
  marginMs: 100,
  awayMs: 6_000,
  heartbeatPeriodMs: 1_000,
  reportPeriodMs: 2_000,
  hurryPeriodMs: 100,
  hurryForMs: 1_000,
  hurrySilentMs: 400,
};

/** The longest that a datagram between two hosts takes, milliseconds. */
export const wireMostMs = 90;
