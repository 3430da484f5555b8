/** How fast a fleet finds out, in milliseconds. The same in production, handed in for simulations. */
export interface Timings {
  /** How often a witness probes each of its hosts. */
  readonly probePeriodMs: number;
  /** Shortest silence of a host's kernel after which a witness grants it nothing more. */
  readonly silentMs: number;
  /** The same of its agent, which answers slower and may be restarted. */
  readonly agentSilentMs: number;
  /** How long a host's kernel lets traffic through after a grant. */
  readonly leaseMs: number;
  /** What a grant may take on its way, and clocks may differ in rate, over one lease. */
  readonly marginMs: number;
  /** How long a witness's grants hold when its agent is stopped in order, and its host's agent may be away. */
  readonly awayMs: number;
  /** How often a witness asks the agent of each of its hosts. */
  readonly heartbeatPeriodMs: number;
  /** How often a witness reports to schedulers even when nothing has changed. */
  readonly reportPeriodMs: number;
  /**
   * How fast and for how long a host is probed that is said to have panicked: a kernel that dies says
   * so first, and answers while it prints the rest.
   */
  readonly hurryPeriodMs: number;
  readonly hurryForMs: number;
  /** Shortest silence of a host's kernel meanwhile. */
  readonly hurrySilentMs: number;
}

/**
 * From the link's loss to the proof that nobody answers any more: half a silence, lease and margin,
 * some 140 ms. A lease bridges five probes. keepalived with adverts every 100 ms takes some 350 ms
 * to the same point (RFC 5798 6.1: three adverts and the skew).
 */
export const productionTimings: Timings = {
  probePeriodMs: 16,
  silentMs: 80,
  agentSilentMs: 10_000,
  leaseMs: 80,
  marginMs: 20,
  awayMs: 30_000,
  heartbeatPeriodMs: 500,
  reportPeriodMs: 1_000,
  hurryPeriodMs: 5,
  hurryForMs: 2_000,
  hurrySilentMs: 40,
};
