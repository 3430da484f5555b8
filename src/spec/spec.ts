import type { Finding } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { Host, InstanceSpec, Pool } from '../domain/model.ts';
import type { RolloutSettings } from '../domain/rollout.ts';
import type { ConfigOrigin } from './config-origin.ts';

/** What a spec says of a host; the rest the host says itself. */
export type HostSpec = Pick<Host, 'name' | 'zone' | 'rack' | 'labels' | 'capacity'>;

/** All that a spec declares, in the order of its text. */
export interface Spec {
  readonly pools: readonly Pool[];
  readonly hosts: readonly HostSpec[];
  readonly instances: readonly InstanceSpec[];
  /** How changes of configurations go over many instances; null for all at once. */
  readonly rollout: RolloutSettings | null;
}

/** What exists beside the spec, so that it can refer to it. */
export interface Known {
  /** True where more may exist than is listed, so that no reference is refused. */
  readonly isPartial?: boolean;
  readonly pools: readonly Pool[];
  readonly instances: readonly {
    readonly name: InstanceName;
    /** Addresses that it holds: these it may keep when its pool's range leaves them out. */
    readonly addresses: readonly string[];
  }[];
}

/** A parsed spec: `spec` is null where there are findings. */
export interface ParsedSpec {
  readonly spec: Spec | null;
  readonly findings: readonly Finding[];
  /** Where the configuration of the instance stands in the text; null where it is not in there. */
  readonly configOrigin: (instance: InstanceName) => ConfigOrigin | null;
  /** What is in its attachments, by SHA-256 in hexadecimal. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}
