import type { Kysely } from 'kysely';
import { BridgeheadError } from '../domain/errors.ts';
import {
  formatSealingKey,
  keyOfSealed,
  newSealingKey,
  parseSealingKey,
  type SealedPlace,
  type SealingKey,
  seal,
  unseal,
} from '../trust/sealing.ts';
import type { KeySource } from './key-file.ts';
import type { Schema } from './schema.ts';

/** Settings that were kept in clear before there was a vault. */
const onceClear = ['authority.key', 'pulse.secret'];

/**
 * What opens and seals the secrets of one transaction. They are sealed with keys that are in the
 * database themselves, sealed with a key of the key file: a new one can be made, and everything
 * sealed with it, without handing a file from one scheduler to the others.
 */
export class SecretVault {
  readonly #db: Kysely<Schema>;
  readonly #source: KeySource;

  constructor(db: Kysely<Schema>, source: KeySource) {
    this.#db = db;
    this.#source = source;
  }

  /** Sees to it that all can be opened: makes the key file where there is nothing to open yet. */
  async prepare(): Promise<void> {
    const rows = await this.#db.selectFrom('secret_keys').selectAll().execute();
    if (rows.length === 0 && (await this.#source.read()) === null) await this.#source.create();
    for (const row of rows) await this.#unwrap(row);
    for (const name of onceClear) await this.#sealSetting(name);
  }

  /** The secret of that name; null where there is none. @throws BridgeheadError SECRETS_LOCKED */
  async secret(name: string): Promise<string | null> {
    const row = await this.#db
      .selectFrom('secrets')
      .select('sealed')
      .where('name', '=', name)
      .executeTakeFirst();
    return row === undefined ? null : this.open(placeOf(name), row.sealed);
  }

  async putSecret(name: string, text: string): Promise<void> {
    const sealed = await this.seal(placeOf(name), text);
    await this.#db
      .insertInto('secrets')
      .values({ name, sealed })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ sealed }))
      .execute();
  }

  /** Seals with the newest key, and makes one where there is none. */
  async seal(place: SealedPlace, text: string): Promise<string> {
    const newest = await this.#db
      .selectFrom('secret_keys')
      .selectAll()
      .orderBy('made_ms', 'desc')
      .orderBy('id')
      .executeTakeFirst();
    const key = newest === undefined ? await this.#addKey(0) : await this.#unwrap(newest);
    return seal(key, place, text);
  }

  /** @throws BridgeheadError SECRETS_LOCKED where it does not open */
  async open(place: SealedPlace, sealed: string): Promise<string> {
    const id = keyOfSealed(sealed);
    const what = `${place.table} ${place.name}`;
    if (id === null) throw locked(`${what} was changed in the database`);
    const row = await this.#db
      .selectFrom('secret_keys')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    if (row === undefined) throw locked(`${what} is sealed with key ${id}, which is gone`);
    const text = unseal(await this.#unwrap(row), place, sealed);
    if (text === null) throw locked(`${what} was changed in the database, or put in another place`);
    return text;
  }

  /** Seals everything with a new key, and forgets all others. @returns how many secrets there are */
  async rotate(atMs: number): Promise<number> {
    const db = this.#db;
    const secrets = await db.selectFrom('secrets').selectAll().execute();
    const certificates = await db
      .selectFrom('certificates')
      .select(['name', 'version', 'sealed_key'])
      .execute();
    const old = await db.selectFrom('secret_keys').select('id').execute();
    const key = await this.#addKey(atMs);
    for (const { name, sealed } of secrets) {
      const text = await this.open(placeOf(name), sealed);
      const again = seal(key, placeOf(name), text);
      await db.updateTable('secrets').set({ sealed: again }).where('name', '=', name).execute();
    }
    for (const { name, version, sealed_key } of certificates) {
      const place = { table: 'certificates', name, version: Number(version) };
      const again = seal(key, place, await this.open(place, sealed_key));
      await db
        .updateTable('certificates')
        .set({ sealed_key: again })
        .where('name', '=', name)
        .execute();
    }
    const ids = old.map(({ id }) => id);
    if (ids.length > 0) await db.deleteFrom('secret_keys').where('id', 'in', ids).execute();
    return secrets.length + certificates.length;
  }

  async #addKey(atMs: number): Promise<SealingKey> {
    const [first] = (await this.#source.read()) ?? (await this.#source.create());
    if (first === undefined) throw locked(`${this.#source.name} has no key`);
    const key = newSealingKey();
    const sealed = seal(first, keyPlace(key.id), formatSealingKey(key));
    await this.#db
      .insertInto('secret_keys')
      .values({ id: key.id, sealed, made_ms: atMs })
      .execute();
    return key;
  }

  async #unwrap({ id, sealed }: { readonly id: string; readonly sealed: string }) {
    const wanted = keyOfSealed(sealed);
    const keys = await this.#source.read();
    if (keys === null) throw locked(`the key file ${this.#source.name} is missing`);
    const outer = keys.find((key) => key.id === wanted);
    if (outer === undefined) {
      throw locked(`they are sealed with key ${wanted}, which is not in ${this.#source.name}`);
    }
    const text = unseal(outer, keyPlace(id), sealed);
    const key = text === null ? null : parseSealingKey(text);
    if (key === null) throw locked(`key ${id} was changed in the database`);
    return key;
  }

  async #sealSetting(name: string): Promise<void> {
    const row = await this.#db
      .deleteFrom('settings')
      .where('name', '=', name)
      .returning('value')
      .executeTakeFirst();
    if (row !== undefined) await this.putSecret(name, row.value);
  }
}

function placeOf(name: string): SealedPlace {
  return { table: 'secrets', name, version: 0 };
}

function keyPlace(id: string): SealedPlace {
  return { table: 'secret_keys', name: id, version: 0 };
}

function locked(why: string): BridgeheadError {
  return new BridgeheadError(
    'SECRETS_LOCKED',
    `the secrets in the database cannot be opened: ${why}`,
    'Give this scheduler the key file of those that use this database: --secret-key-file.',
  );
}
