import type { Clock } from '../domain/clock.ts';
import type { DesiredInstance } from '../domain/desired.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { InstanceId } from '../domain/ids.ts';
import type { RelayOpen, RelayOpened, RelayPiece, RelayWritten } from '../protocol/relay-frames.ts';
import { notHere, staleEpoch } from './instance-errors.ts';
import type { MachinePeers } from './machine.ts';
import { Relay } from './relay.ts';

/** Each is a migration of an instance here, and each keeps some hundred KiB at most. */
const relaysMax = 32;

export interface RelaySurroundings {
  readonly machine: MachinePeers;
  readonly clock: Clock;
  /** What this host is to do for the instance as of now; null where it is to leave. */
  readonly desired: (id: InstanceId) => DesiredInstance | null;
}

/** The relays of this host, each for one instance that migrates from here or to here. */
export class Relays implements Disposable {
  readonly #around: RelaySurroundings;
  readonly #relays = new Map<number, Relay>();
  /** Sockets that are listened on now. */
  readonly #opening = new Set<string>();
  #last = 0;

  constructor(around: RelaySurroundings) {
    this.#around = around;
  }

  /**
   * Waits for the instance's HAProxy to connect.
   *
   * @throws BridgeheadError SOURCE_MISMATCH where the instance is not here in that role; EPOCH_STALE
   * where this host's grant has, or gets meanwhile, another epoch; OPERATION_FAILED where HAProxy
   * did not connect, or there are too many relays
   */
  async open(request: RelayOpen): Promise<RelayOpened> {
    const { machine, clock } = this.#around;
    const { instance, socket, waitMs, end } = request;
    this.#demand(request);
    this.#forgetClosed();
    const key = `${instance} ${socket}`;
    if (this.#opening.has(key)) throw failed(`${socket} is waited on by another already`);
    if (this.#relays.size + this.#opening.size >= relaysMax) throw failed('too many relays');
    this.#opening.add(key);
    try {
      const connection = await machine.acceptPeer(instance, socket, waitMs);
      if (connection === null) throw failed(`HAProxy did not connect to ${socket}`);
      const relay = await Relay.open(connection, end, waitMs, clock);
      try {
        this.#demand(request);
      } catch (error) {
        relay.close();
        throw error;
      }
      this.#last += 1;
      this.#relays.set(this.#last, relay);
      return { relay: this.#last };
    } finally {
      this.#opening.delete(key);
    }
  }

  /** See {@link Relay.read}. @throws BridgeheadError NOT_FOUND where there is no such relay */
  read(relay: number, waitMs: number): Promise<RelayPiece> {
    return this.#relay(relay).read(waitMs);
  }

  /** See {@link Relay.write}. @throws BridgeheadError NOT_FOUND where there is no such relay */
  write(relay: number, data: string, waitMs: number): Promise<RelayWritten> {
    return this.#relay(relay).write(data, waitMs);
  }

  /** Ends a relay; nothing happens where it has ended. */
  close(relay: number): void {
    this.#relays.get(relay)?.close();
    this.#relays.delete(relay);
  }

  [Symbol.dispose](): void {
    for (const relay of this.#relays.values()) relay.close();
    this.#relays.clear();
  }

  #relay(id: number): Relay {
    const relay = this.#relays.get(id);
    if (relay !== undefined) return relay;
    throw new BridgeheadError('NOT_FOUND', `there is no relay ${id}`, 'Begin the migration again.');
  }

  #forgetClosed(): void {
    for (const [id, relay] of this.#relays) if (relay.isClosed) this.#relays.delete(id);
  }

  #demand({ instance, epoch, end }: RelayOpen): void {
    const desired = this.#around.desired(instance);
    const role = end === 'source' ? 'active' : 'standby';
    if (desired === null || desired.role !== role) throw notHere(desired?.name ?? instance);
    if (desired.epoch !== epoch) throw staleEpoch(desired.name, epoch, desired.epoch);
  }
}

function failed(message: string): BridgeheadError {
  const next = 'Nothing has to be done: the migration goes on, and counters begin anew.';
  return new BridgeheadError('OPERATION_FAILED', message, next);
}
