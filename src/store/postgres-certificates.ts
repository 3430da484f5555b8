import type { Transaction } from 'kysely';
import { sql } from 'kysely';
import type {
  CertificateStore,
  CertificateWithKey,
  StoredCertificate,
} from './certificate-store.ts';
import type { KeySource } from './key-file.ts';
import type { Schema } from './schema.ts';
import { SecretVault } from './secret-vault.ts';

type Run = <Result>(work: (db: Transaction<Schema>) => Promise<Result>) => Promise<Result>;

/** Certificates in PostgreSQL, their keys sealed. */
export class PostgresCertificates implements CertificateStore {
  readonly #run: Run;
  readonly #keys: KeySource;

  /** @param run runs its work in a serializable transaction */
  constructor(run: Run, keys: KeySource) {
    this.#run = run;
    this.#keys = keys;
  }

  put(certificate: Omit<StoredCertificate, 'version'>, key: string): Promise<number> {
    const { name, owner, chain } = certificate;
    return this.#run(async (db) => {
      const { rows } = await sql<{ version: string }>`
        select nextval('certificate_versions') as version`.execute(db);
      const version = Number(rows[0]?.version);
      const row = {
        ...{ owner, version: String(version), chain, not_after_ms: certificate.notAfterMs },
        sealed_key: await new SecretVault(db, this.#keys).seal(placeOf(name, version), key),
        ...{ added_by: certificate.addedBy, added_ms: certificate.addedMs, warned_days: null },
      };
      await db
        .insertInto('certificates')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
      return version;
    });
  }

  list(): Promise<readonly StoredCertificate[]> {
    return this.#run(async (db) => {
      const rows = await db.selectFrom('certificates').selectAll().orderBy('name').execute();
      return rows.map((row) => ({
        name: row.name,
        owner: row.owner,
        version: Number(row.version),
        chain: row.chain,
        notAfterMs: row.not_after_ms,
        addedBy: row.added_by,
        addedMs: row.added_ms,
      }));
    });
  }

  versions(): Promise<ReadonlyMap<string, number>> {
    return this.#run(async (db) => {
      const rows = await db.selectFrom('certificates').select(['name', 'version']).execute();
      return new Map(rows.map(({ name, version }) => [name, Number(version)]));
    });
  }

  withKeys(names: readonly string[]): Promise<readonly CertificateWithKey[]> {
    if (names.length === 0) return Promise.resolve([]);
    return this.#run(async (db) => {
      const vault = new SecretVault(db, this.#keys);
      const rows = await db
        .selectFrom('certificates')
        .select(['name', 'version', 'chain', 'sealed_key'])
        .where('name', 'in', names)
        .orderBy('name')
        .execute();
      const found: CertificateWithKey[] = [];
      for (const { name, version: text, chain, sealed_key } of rows) {
        const version = Number(text);
        const key = await vault.open(placeOf(name, version), sealed_key);
        found.push({ name, version, chain, key });
      }
      return found;
    });
  }

  remove(name: string): Promise<boolean> {
    return this.#run(async (db) => {
      const gone = await db
        .deleteFrom('certificates')
        .where('name', '=', name)
        .returning('name')
        .execute();
      return gone.length > 0;
    });
  }

  noteWarned(name: string, version: number, days: number): Promise<boolean> {
    return this.#run(async (db) => {
      const noted = await db
        .updateTable('certificates')
        .set({ warned_days: days })
        .where('name', '=', name)
        .where('version', '=', String(version))
        .where((is) => is.or([is('warned_days', 'is', null), is('warned_days', '>', days)]))
        .returning('name')
        .execute();
      return noted.length > 0;
    });
  }
}

function placeOf(name: string, version: number) {
  return { table: 'certificates', name, version };
}
