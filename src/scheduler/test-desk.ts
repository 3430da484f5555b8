import type { PostgresStore } from '../store/postgres-store.ts';
import { systemClock } from '../system/clock.ts';
import { CertificateDesk } from './certificate-desk.ts';
import type { Scheduler } from './scheduler.ts';

/** For tests: a desk of the scheduler's, and what seals its secrets anew. */
export function testDesk(store: PostgresStore, scheduler: Pick<Scheduler, 'agents' | 'note'>) {
  const certificates = new CertificateDesk({
    ...{ store, certificates: store.certificates, clock: systemClock },
    agents: () => scheduler.agents,
    warnDays: [30, 14, 7, 1],
    event: (kind, object, message) => scheduler.note(kind, object, message),
    log: () => undefined,
  });
  return { certificates, rotateSecrets: () => store.rotateSecrets() };
}
