import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { CertificateRequest, CertificateView } from '../protocol/certificate-views.ts';
import type { CertificateStore, StoredCertificate } from '../store/certificate-store.ts';
import type { Store } from '../store/store.ts';
import { checkCertificate, readFacts } from '../trust/certificate-check.ts';
import type { AgentStream } from './agent-stream.ts';
import type { Agents } from './agents.ts';
import { certificateNeeds, usersOf } from './certificate-needs.ts';

/** How late another scheduler's renewal is delivered to the hosts at the latest. */
const deliverPeriodMs = 2_000;
const watchPeriodMs = 3_600_000;
const dayMs = 86_400_000;
const certificatesMax = 1_000;

export interface CertificateDeskParts {
  readonly store: Pick<Store, 'transact'>;
  readonly certificates: CertificateStore;
  readonly clock: Clock;
  readonly agents: () => Pick<Agents, 'connected' | 'send'>;
  /** Days before the end at which people are told. */
  readonly warnDays: readonly number[];
  readonly event: (kind: string, object: string, message: string) => void;
  readonly log: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

/** Takes certificates, delivers them to the hosts that need them, and watches when they run out. */
export class CertificateDesk {
  readonly #parts: CertificateDeskParts;
  /** Names and versions that each host's present stream was sent. */
  readonly #sent = new Map<HostName, string>();
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: CertificateDeskParts) {
    this.#parts = parts;
  }

  /** @returns what ends it */
  start(): () => void {
    const { clock, log } = this.#parts;
    const failed = (what: string) => (error: unknown) => log(what, { error: String(error) });
    const deliver = () =>
      void this.deliver().catch(failed('cannot deliver certificates to the hosts'));
    const watch = () => void this.watch().catch(failed('cannot look when certificates run out'));
    watch();
    const stops = [clock.every(deliverPeriodMs, deliver), clock.every(watchPeriodMs, watch)];
    return () => stops.forEach((stop) => stop());
  }

  /** A host's new stream was sent nothing yet. To be called before the scheduler takes it over. */
  attach({ host }: Pick<AgentStream, 'host'>): void {
    this.#sent.delete(host);
  }

  /**
   * Takes a certificate, or the next version of one.
   *
   * @throws BridgeheadError CERTIFICATE_INVALID, IN_USE for another owner than its users have
   */
  async add(name: string, request: CertificateRequest, who: string): Promise<CertificateView> {
    const { certificates, clock } = this.#parts;
    const atMs = clock.wallMs();
    const { chain, key, facts } = checkCertificate(name, request.chain, request.privateKey, atMs);
    const all = await certificates.list();
    const before = all.find((one) => one.name === name);
    if (before === undefined && all.length >= certificatesMax) throw full();
    const owner = request.owner ?? before?.owner ?? '';
    await this.#checkUsers(name, owner);
    const { notAfterMs } = facts;
    const kept = { name, owner, chain, notAfterMs, addedBy: who, addedMs: atMs };
    const version = await certificates.put(kept, key);
    const what = before === undefined ? 'added' : 'renewed';
    const until = new Date(notAfterMs).toISOString();
    const message = `${what} by ${who}: ${facts.names.join(', ') || facts.subject}, serial ${facts.serial}, until ${until}`;
    this.#parts.event(`certificate.${what}`, `certificate/${name}`, message);
    await this.deliver();
    await this.watch();
    return this.#view({ ...kept, version }, await this.#instances());
  }

  /** All, by name. */
  async list(): Promise<readonly CertificateView[]> {
    const [all, instances] = await Promise.all([
      this.#parts.certificates.list(),
      this.#instances(),
    ]);
    return all.map((one) => this.#view(one, instances));
  }

  /** @throws BridgeheadError NOT_FOUND */
  async find(
    name: string,
    isShown: (owner: string) => boolean = () => true,
  ): Promise<CertificateView> {
    const found = (await this.list()).find((one) => one.name === name && isShown(one.owner));
    if (found === undefined) throw unknown(name);
    return found;
  }

  /** @throws BridgeheadError NOT_FOUND; IN_USE while a configuration names it */
  async remove(name: string, who: string): Promise<void> {
    const users = usersOf(name, await this.#instances());
    if (users.length > 0) {
      const names = users.map(({ spec }) => spec.name).join(', ');
      throw new BridgeheadError(
        'IN_USE',
        `certificate ${name} is named by the configuration of ${names}`,
        'Take it out of their configurations first.',
      );
    }
    if (!(await this.#parts.certificates.remove(name))) throw unknown(name);
    this.#parts.event('certificate.removed', `certificate/${name}`, `by ${who}`);
    await this.deliver();
  }

  /** Whose each certificate is, by name; '' for everybody's. */
  async owners(): Promise<ReadonlyMap<string, string>> {
    const all = await this.#parts.certificates.list();
    return new Map(all.map(({ name, owner }) => [name, owner]));
  }

  /** Sends every connected host what it needs now, where that is not what it was sent last. */
  deliver(): Promise<void> {
    const turn = this.#turn.then(() => this.#deliver());
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Tells people of what runs out soon. */
  async watch(): Promise<void> {
    const { certificates, clock, warnDays, event } = this.#parts;
    for (const { name, version, notAfterMs } of await certificates.list()) {
      const leftMs = notAfterMs - clock.wallMs();
      const days = dueWarning(leftMs, warnDays);
      if (days === null || !(await certificates.noteWarned(name, version, days))) continue;
      const users = usersOf(name, await this.#instances()).map(({ spec }) => spec.name);
      const used = users.length === 0 ? 'used by nobody' : `used by ${users.join(', ')}`;
      const date = new Date(notAfterMs).toISOString();
      const isOver = leftMs <= 0;
      const when = isOver ? `expired on ${date}` : `expires in ${daysText(leftMs)}, on ${date}`;
      const kind = isOver ? 'certificate.expired' : 'certificate.expiring';
      event(kind, `certificate/${name}`, `${when}; ${used}`);
    }
  }

  async #deliver(): Promise<void> {
    const { certificates, store } = this.#parts;
    const agents = this.#parts.agents();
    const versions = await certificates.versions();
    if (versions.size === 0 && this.#sent.size === 0) return;
    const needs = certificateNeeds(await store.transact((tx) => tx.fleet(), 'snapshot'));
    for (const host of agents.connected) {
      const names = [...(needs.get(host) ?? [])].filter((name) => versions.has(name)).toSorted();
      const mark = names.map((name) => `${name} ${versions.get(name)}`).join('\n');
      if (mark === (this.#sent.get(host) ?? '')) continue;
      const items = (await certificates.withKeys(names)).map(({ name, version, chain, key }) => ({
        ...{ name, version, pem: `${chain}\n${key}\n` },
      }));
      agents.send(host, { type: 'certificates', items });
      this.#sent.set(host, mark);
    }
  }

  async #checkUsers(name: string, owner: string): Promise<void> {
    if (owner === '') return;
    const other = usersOf(name, await this.#instances()).find(({ spec }) => spec.owner !== owner);
    if (other === undefined) return;
    throw new BridgeheadError(
      'IN_USE',
      `certificate ${name} is used by instance ${other.spec.name} of ${other.spec.owner}, and cannot become ${owner}'s`,
      'Leave out --owner to leave it as it is.',
    );
  }

  async #instances() {
    return (await this.#parts.store.transact((tx) => tx.fleet(), 'snapshot')).instances;
  }

  #view(stored: StoredCertificate, instances: Parameters<typeof usersOf>[1]): CertificateView {
    const { names, ...facts } = readFacts(stored.chain);
    const { name, owner, version, addedBy, addedMs } = stored;
    const usedBy = usersOf(name, instances).map(({ spec }) => spec.name);
    return { ...facts, names: [...names], name, owner, version, addedBy, addedMs, usedBy };
  }
}

/** The smallest threshold, in days, that was reached; 0 for what has expired, null for none. */
export function dueWarning(leftMs: number, warnDays: readonly number[]): number | null {
  if (leftMs <= 0) return 0;
  const reached = warnDays.filter((days) => leftMs <= days * dayMs);
  return reached.length === 0 ? null : Math.min(...reached);
}

function daysText(leftMs: number): string {
  if (leftMs < dayMs) return 'less than a day';
  const days = Math.round(leftMs / dayMs);
  return days === 1 ? '1 day' : `${days} days`;
}

function unknown(name: string): BridgeheadError {
  return new BridgeheadError(
    'NOT_FOUND',
    `there is no certificate ${name}`,
    'See which there are: bridgehead cert list',
  );
}

function full(): BridgeheadError {
  return new BridgeheadError(
    'NO_CAPACITY',
    `there are ${certificatesMax} certificates, and no room for more`,
    'Take out those that nobody uses: bridgehead cert list, bridgehead cert rm NAME',
  );
}
