import type { Epoch, InstanceId, InstanceName } from './ids.ts';
import type { Override } from './live.ts';
import type { Resources, ServiceAddress } from './model.ts';

/**
 * What a host is to do for one instance. `active`: answer for its addresses, by the grant that
 * `epoch` names. `standby`: be ready to, and answer for nothing.
 */
export interface DesiredInstance {
  readonly id: InstanceId;
  readonly name: InstanceName;
  readonly role: 'active' | 'standby';
  readonly epoch: Epoch;
  /**
   * True where the last holder is known to have let go (or there was none), so that taking the
   * addresses needs no duplicate probe.
   */
  readonly released: boolean;
  /**
   * How long after this was sent the last holder may still be answering, which nobody hears any
   * more: nothing of the instance may be on the wire before. 0 where nobody can be. Milliseconds.
   */
  readonly waitMs: number;
  readonly image: string;
  readonly resources: Resources;
  readonly mac: string;
  readonly addresses: readonly ServiceAddress[];
  readonly config: string;
  readonly configHash: string;
  /** What was changed in it without a reload and is kept; left out for nothing. */
  readonly overrides?: readonly Override[] | undefined;
}
