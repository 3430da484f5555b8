// What the agent's main thread and the prober's thread say to each other.

import type { MessagePort } from 'node:worker_threads';
import type { PulseFrame, WitnessFrame } from '../../protocol/pulse-frames.ts';

/** Whom to probe, and how fast. */
export type Assignment = Pick<PulseFrame, 'targets' | 'timings'>;

export interface PromiseAsked {
  readonly host: string;
  readonly session: string;
  readonly silences: number;
}

export interface Resumption {
  readonly host: string;
  readonly silences: number;
  readonly sessions: readonly string[];
}

export type ToProber =
  | { readonly kind: 'assign'; readonly assignment: Assignment }
  /** Schedulers that a report reaches, from now on. */
  | { readonly kind: 'sessions'; readonly sessions: readonly string[] }
  | ({ readonly kind: 'promise' } & PromiseAsked)
  | ({ readonly kind: 'resume' } & Resumption)
  | { readonly kind: 'hurry'; readonly host: string }
  /** Each host gets a last grant for so long; then nothing more is sent, and the thread ends. */
  | { readonly kind: 'end'; readonly lastGrantMs: number };

export type FromProber =
  /** Only for the schedulers whose sessions it names. */
  | {
      readonly kind: 'report';
      readonly report: WitnessFrame;
      readonly sessions: readonly string[];
    }
  | { readonly kind: 'warning'; readonly message: string };

/** What a witness has promised of a host and has to keep to, over restarts of the agent. */
export type Promises = Readonly<
  Record<string, { readonly promised: readonly string[]; readonly silences: number }>
>;

export interface ProberData {
  readonly port: MessagePort;
  readonly wakeFd: number;
  /** Real-time priority to ask for; null to ask for none. */
  readonly priority: number | null;
  /** Where promises are kept for as long as the host runs. */
  readonly promisesFile: string;
  /** Those of before; null where they are not known. */
  readonly promises: Promises | null;
  readonly bootId: string;
}
