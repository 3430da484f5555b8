// For tests: an agent that does at once what it is told, over the stream that a real one uses.

import type { DesiredInstance } from '../domain/desired.ts';
import type { HostName, InstanceId } from '../domain/ids.ts';
import type { LiveChange } from '../domain/live.ts';
import type { HostFacts, ObservedInstance } from '../domain/model.ts';
import type {
  AgentFrame,
  AgentRequest,
  SchedulerFrame,
  ValidateResult,
} from '../protocol/frames.ts';
import { protocolVersion } from '../protocol/frames.ts';
import type { AgentStream } from './agent-stream.ts';

export const modelFacts: HostFacts = {
  agentVersion: '0',
  kernel: '6.1.0',
  docker: '20.10',
  cpus: 4,
  memoryMib: 8_192,
  bootId: 'boot',
  uptimeS: 1,
  nics: [{ name: 'eth0', driver: 'veth' }],
  bridges: [{ name: 'br0', addresses: ['198.18.0.11'], vlanAware: false }],
  images: [{ reference: 'image:1', haproxy: '2.6.12' }],
  gateways: [],
};

/** What a model agent does instead of what it should; null for nothing. */
export type Fault =
  | 'never-prepare'
  | 'never-standby'
  | 'never-release'
  | 'refuse-quiesce'
  | 'never-serve'
  | 'blind'
  | 'refuse-config'
  | 'refuse-relay';

/** One host's agent. */
export class ModelAgent implements AgentStream {
  readonly host: HostName;
  fault: Fault | null = null;
  /** What the host shows on the wire now, by instance. */
  readonly shown = new Map<InstanceId, ObservedInstance>();
  /** Kinds of what it was asked, in order. */
  readonly asked: AgentRequest['kind'][] = [];
  /** How it judges configurations; null for one that finds nothing wrong. */
  onValidate:
    | ((request: Extract<AgentRequest, { kind: 'validate' }>) => Promise<ValidateResult>)
    | null = null;
  /** What it is to do, as it was told last. */
  told: readonly DesiredInstance[] = [];
  /** What its HAProxy shows, whatever it is asked for. */
  liveText = '';
  /** What was changed in it, in order. */
  readonly liveChanges: LiveChange[] = [];
  #seq = 0;
  #onFrame: (frame: AgentFrame) => void = () => undefined;
  #onClose: (reason: string) => void = () => undefined;

  constructor(host: string) {
    this.host = host as HostName;
  }

  /** Says hello, as an agent does that was just connected. */
  hello(): void {
    this.#onFrame({
      type: 'hello',
      seq: this.#nextSeq(),
      protocol: protocolVersion,
      facts: modelFacts,
      instances: [...this.shown.values()],
    });
  }

  disconnect(): void {
    this.#onClose('gone');
  }

  send(frame: SchedulerFrame): void {
    // Later, as from a network: an answer never comes before its question has been asked.
    queueMicrotask(() => {
      if (frame.type === 'desired') {
        const { revision, digest, instances } = frame;
        this.#obey(instances);
        this.#onFrame({ type: 'took', revision, digest });
      }
      if (frame.type === 'request') this.#answer(frame.id, frame.body);
    });
  }

  close(reason: string): void {
    this.#onClose(reason);
  }

  onFrame(handler: (frame: AgentFrame) => void): void {
    this.#onFrame = handler;
  }

  onClose(handler: (reason: string) => void): void {
    this.#onClose = handler;
  }

  #nextSeq(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #obey(desired: readonly DesiredInstance[]): void {
    this.told = desired;
    const wanted = new Set(desired.map(({ id }) => id));
    const removed = [...this.shown.keys()].filter((id) => !wanted.has(id));
    for (const id of removed) this.shown.delete(id);
    for (const one of desired) this.#settle(one);
    const instances = [...this.shown.values()];
    this.#onFrame({ type: 'observed', seq: this.#nextSeq(), instances, removed });
  }

  #settle(desired: DesiredInstance): void {
    if (this.fault === 'never-prepare' && desired.role === 'standby') return;
    const before = this.shown.get(desired.id);
    const mayServe = desired.role === 'active' && this.fault !== 'never-serve';
    const clings = this.fault === 'never-release' && before?.linkUp === true;
    const isUp = mayServe || clings;
    const isStuck = this.fault === 'never-standby' && desired.role === 'standby';
    this.shown.set(desired.id, {
      id: desired.id,
      name: desired.name,
      phase: isStuck ? 'failed' : isUp ? 'serving' : 'standby',
      epoch: desired.epoch,
      containerRunning: true,
      linkUp: isUp,
      mac: desired.mac,
      addresses: isUp ? desired.addresses.map(({ address }) => address) : [],
      configHash: desired.configHash,
      problem: isStuck ? { code: 'IMAGE_MISSING', message: 'no image' } : null,
    });
  }

  #answer(id: number, request: AgentRequest): void {
    this.asked.push(request.kind);
    if (request.kind === 'validate' && this.onValidate !== null) {
      void this.onValidate(request).then((result) => this.#onFrame({ type: 'reply', id, result }));
      return;
    }
    if (request.kind === 'live-set') this.liveChanges.push(request.change);
    const isRefused =
      (request.kind === 'quiesce' && this.fault === 'refuse-quiesce') ||
      (request.kind === 'relay-open' && this.fault === 'refuse-relay');
    if (isRefused) {
      const error = { code: 'SOURCE_MISMATCH', message: 'not here', next: 'Look.' } as const;
      this.#onFrame({ type: 'refusal', id, error });
      return;
    }
    const results: Record<AgentRequest['kind'], unknown> = {
      validate: { valid: this.fault !== 'refuse-config', findings: [] },
      look: {
        instance: request.kind === 'look' ? (this.shown.get(request.instance) ?? null) : null,
      },
      quiesce: { openConnections: 0, tookMs: 1 },
      probe: { mac: this.fault === 'blind' ? null : '02:00:00:00:00:01', openPorts: [] },
      'relay-open': { relay: 1 },
      'relay-read': { data: '', isTaught: true },
      'relay-write': { isLearned: true },
      'relay-close': {},
      'live-show': { text: this.liveText },
      'live-set': { text: '' },
    };
    const reply = () => this.#onFrame({ type: 'reply', id, result: results[request.kind] });
    // A relay is read again and again: others have to get their turn in between.
    if (request.kind === 'relay-read') setImmediate(reply);
    else reply();
  }
}
