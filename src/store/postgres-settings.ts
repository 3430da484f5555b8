import type { Transaction as KyselyTransaction } from 'kysely';
import type { KeySource } from './key-file.ts';
import type { Schema } from './schema.ts';
import { SecretVault } from './secret-vault.ts';

/** The part of a transaction that is about settings, those in clear and those that are sealed. */
export class PostgresSettings {
  protected readonly db: KyselyTransaction<Schema>;
  readonly #vault: SecretVault;

  constructor(db: KyselyTransaction<Schema>, keys: KeySource) {
    this.db = db;
    this.#vault = new SecretVault(db, keys);
  }

  async setting(name: string): Promise<string | null> {
    const row = await this.db
      .selectFrom('settings')
      .select('value')
      .where('name', '=', name)
      .executeTakeFirst();
    return row?.value ?? null;
  }

  async putSetting(name: string, value: string): Promise<void> {
    await this.db
      .insertInto('settings')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  secret(name: string): Promise<string | null> {
    return this.#vault.secret(name);
  }

  putSecret(name: string, text: string): Promise<void> {
    return this.#vault.putSecret(name, text);
  }
}
