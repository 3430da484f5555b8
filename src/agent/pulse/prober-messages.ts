// What the agent's main thread and the prober's thread say to each other.

import type { MessagePort } from 'node:worker_threads';
import type { PulseAssignment, WitnessReport } from '../../protocol/witness.ts';

export type ToProber =
  | { readonly kind: 'assign'; readonly assignment: PulseAssignment }
  /** Overrules the assignment until the next one. */
  | { readonly kind: 'stop'; readonly id: number; readonly hosts: readonly string[] }
  | { readonly kind: 'end' };

export type FromProber =
  | { readonly kind: 'report'; readonly report: WitnessReport }
  /** No grant to these hosts leaves after this message. */
  | { readonly kind: 'stopped'; readonly id: number }
  | { readonly kind: 'warning'; readonly message: string };

export interface ProberData {
  readonly port: MessagePort;
  readonly wakeFd: number;
  /** The bridge, or null for whatever routing says. */
  readonly device: string | null;
  /** Real-time priority to ask for; null to ask for none. */
  readonly priority: number | null;
}
