import type { InstanceId } from '../domain/ids.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import type { AgentFrame } from '../protocol/frames.ts';
import { eventMessageMax, protocolVersion } from '../protocol/frames.ts';
import type { Peer } from './links.ts';

/** What the agent says to its schedulers of its own accord. Each is told what it has not heard. */
export class Reports {
  readonly #peers: () => readonly Peer[];
  /** What each scheduler that was greeted has been told, by instance. */
  readonly #told = new Map<Peer, Map<InstanceId, string>>();
  #seq = 0;

  constructor(peers: () => readonly Peer[]) {
    this.#peers = peers;
  }

  /** Begins anew with a scheduler whose stream has opened: whatever it was told before is void. */
  hello(peer: Peer, facts: HostFacts, instances: readonly ObservedInstance[]): void {
    const told = new Map(instances.map((instance) => [instance.id, JSON.stringify(instance)]));
    this.#told.set(peer, told);
    const seq = this.#nextSeq();
    peer.send({ type: 'hello', seq, protocol: protocolVersion, facts, instances });
  }

  /** @param observed null where nothing of the instance is on this host any more */
  observed(id: InstanceId, observed: ObservedInstance | null): void {
    const text = observed === null ? undefined : JSON.stringify(observed);
    const change =
      observed === null ? { instances: [], removed: [id] } : { instances: [observed], removed: [] };
    for (const [peer, told] of this.#told) {
      if (told.get(id) === text) continue;
      if (!peer.send({ type: 'observed', seq: this.#nextSeq(), ...change })) continue;
      if (text === undefined) told.delete(id);
      else told.set(id, text);
    }
  }

  /** What this host keeps to now. */
  took(revision: number, digest: string): void {
    for (const peer of this.#told.keys()) peer.send({ type: 'took', revision, digest });
  }

  facts(facts: HostFacts): void {
    for (const peer of this.#told.keys()) peer.send({ type: 'facts', facts });
  }

  /** To one scheduler only, so that it is recorded once. */
  event(kind: string, object: string, message: string): void {
    const shown = message.slice(0, eventMessageMax);
    const frame: AgentFrame = { type: 'event', kind, object, message: shown };
    for (const peer of this.#peers()) {
      if (this.#told.has(peer) && peer.send(frame)) return;
    }
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }
}
