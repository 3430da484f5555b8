import type { Role } from '../domain/access.ts';
import type { AccessStore, ApiToken, Invitation, Journey, Login, User } from './access-store.ts';
import { PostgresQueries } from './postgres-queries.ts';

interface UserRow {
  readonly name: string;
  readonly password: string | null;
  readonly role: Role;
  readonly owners: readonly string[] | null;
  readonly is_disabled: boolean;
  readonly subject: string | null;
  readonly created_ms: number;
  readonly created_by: string;
}

interface JourneyRow {
  readonly id: string;
  readonly secret_hash: string;
  readonly return_to: string;
  readonly expires_ms: number;
}

interface InvitationRow {
  readonly id: string;
  readonly secret_hash: string;
  readonly user_name: string | null;
  readonly expires_ms: number;
}

interface LoginRow {
  readonly id: string;
  readonly secret_hash: string;
  readonly user_name: string;
  readonly address: string;
  readonly created_ms: number;
  readonly seen_ms: number;
  readonly expires_ms: number;
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly secret_hash: string;
  readonly role: Role;
  readonly owners: readonly string[] | null;
  readonly user_name: string | null;
  readonly created_ms: number;
  readonly created_by: string;
  readonly expires_ms: number;
  readonly used_ms: number | null;
}

/** People and what they show, in PostgreSQL. */
export class PostgresAccess extends PostgresQueries implements AccessStore {
  async users(limit: number): Promise<readonly User[]> {
    const { rows } = await this.query<UserRow>('select * from users order by name limit $1', [
      limit,
    ]);
    return rows.map(userOf);
  }

  async user(name: string): Promise<User | null> {
    const { rows } = await this.query<UserRow>('select * from users where name = $1', [name]);
    return rows[0] === undefined ? null : userOf(rows[0]);
  }

  async userOfSubject(subject: string): Promise<User | null> {
    const { rows } = await this.query<UserRow>('select * from users where subject = $1', [subject]);
    return rows[0] === undefined ? null : userOf(rows[0]);
  }

  async addUser(user: User): Promise<boolean> {
    const { name, password, role, owners, isDisabled, subject, createdMs, createdBy } = user;
    const { rowCount } = await this.query(
      `insert into users
        (name, password, role, owners, is_disabled, subject, created_ms, created_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
      [name, password, role, owners, isDisabled, subject, createdMs, createdBy],
    );
    return rowCount === 1;
  }

  async changeUser(
    name: string,
    change: Parameters<AccessStore['changeUser']>[1],
  ): Promise<boolean> {
    const { password, role, owners, isDisabled } = change;
    const { rowCount } = await this.query(
      `with ended as (delete from logins where user_name = $1)
      update users set
        password = case when $2 then $3 else password end,
        role = coalesce($4, role),
        owners = case when $5 then $6::text[] else owners end,
        is_disabled = coalesce($7, is_disabled)
      where name = $1`,
      [
        ...[name, password !== undefined, password ?? null, role ?? null],
        ...[owners !== undefined, owners ?? null, isDisabled ?? null],
      ],
    );
    return rowCount === 1;
  }

  async deleteUser(name: string): Promise<boolean> {
    const { rowCount } = await this.query('delete from users where name = $1', [name]);
    return rowCount === 1;
  }

  async putInvitation({ id, secretHash, user, expiresMs }: Invitation): Promise<void> {
    await this.query(
      `with former as (delete from invitations where user_name is null and $3::text is null)
      insert into invitations (id, secret_hash, user_name, expires_ms) values ($1, $2, $3, $4)
      on conflict (user_name) do update set id = $1, secret_hash = $2, expires_ms = $4`,
      [id, secretHash, user, expiresMs],
    );
  }

  async takeInvitation(id: string, secretHash: string): Promise<Invitation | null> {
    const { rows } = await this.query<InvitationRow>(
      'delete from invitations where id = $1 and secret_hash = $2 returning *',
      [id, secretHash],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const { secret_hash, user_name: user, expires_ms: expiresMs } = row;
    return { id, secretHash: secret_hash, user, expiresMs };
  }

  async addJourney(journey: Journey, nowMs: number, most: number): Promise<void> {
    const { id, secretHash, returnTo, expiresMs } = journey;
    await this.query(
      `with over as (delete from oidc_journeys where expires_ms < $5 or id in (
        select id from oidc_journeys order by expires_ms desc offset $6))
      insert into oidc_journeys (id, secret_hash, return_to, expires_ms) values ($1, $2, $3, $4)`,
      [id, secretHash, returnTo, expiresMs, nowMs, most - 1],
    );
  }

  async takeJourney(id: string, secretHash: string): Promise<Journey | null> {
    const { rows } = await this.query<JourneyRow>(
      'delete from oidc_journeys where id = $1 and secret_hash = $2 returning *',
      [id, secretHash],
    );
    const [row] = rows;
    if (row === undefined) return null;
    return { id, secretHash, returnTo: row.return_to, expiresMs: row.expires_ms };
  }

  async addLogin(login: Login, idleMs: number, perUserMax: number): Promise<void> {
    const { id, secretHash, user, address, createdMs, seenMs, expiresMs } = login;
    await this.query(
      `with over as (delete from logins where expires_ms < $5 or seen_ms < $5 - $8::float8 or id in (
        select id from logins where user_name = $3 order by created_ms desc offset $9))
      insert into logins (id, secret_hash, user_name, address, created_ms, seen_ms, expires_ms)
      values ($1, $2, $3, $4, $5, $6, $7)`,
      [id, secretHash, user, address, createdMs, seenMs, expiresMs, idleMs, perUserMax - 1],
    );
  }

  async login(id: string): Promise<{ readonly login: Login; readonly user: User } | null> {
    const { rows } = await this.query<{ readonly one: LoginRow; readonly of: UserRow }>(
      `select to_jsonb(logins) as one, to_jsonb(users) as of
      from logins join users on users.name = logins.user_name where logins.id = $1`,
      [id],
    );
    const [row] = rows;
    return row === undefined ? null : { login: loginOf(row.one), user: userOf(row.of) };
  }

  async touchLogin(id: string, atMs: number): Promise<void> {
    await this.query('update logins set seen_ms = greatest(seen_ms, $2) where id = $1', [id, atMs]);
  }

  async deleteLogin(id: string): Promise<void> {
    await this.query('delete from logins where id = $1', [id]);
  }

  async tokens(limit: number, user?: string): Promise<readonly ApiToken[]> {
    const { rows } = await this.query<TokenRow>(
      `select * from api_tokens where $2::text is null or user_name = $2 order by name limit $1`,
      [limit, user ?? null],
    );
    return rows.map(tokenOf);
  }

  async token(
    id: string,
  ): Promise<{ readonly token: ApiToken; readonly user: User | null } | null> {
    const { rows } = await this.query<{ readonly one: TokenRow; readonly of: UserRow | null }>(
      `select to_jsonb(api_tokens) as one, to_jsonb(users) as of
      from api_tokens left join users on users.name = api_tokens.user_name where api_tokens.id = $1`,
      [id],
    );
    const [row] = rows;
    if (row === undefined) return null;
    return { token: tokenOf(row.one), user: row.of === null ? null : userOf(row.of) };
  }

  async tokenNamed(name: string): Promise<ApiToken | null> {
    const { rows } = await this.query<TokenRow>('select * from api_tokens where name = $1', [name]);
    return rows[0] === undefined ? null : tokenOf(rows[0]);
  }

  async addToken(token: ApiToken, dropBeforeMs: number): Promise<boolean> {
    const { id, name, secretHash, role, owners, user, createdMs, createdBy, expiresMs } = token;
    await this.query('delete from api_tokens where expires_ms < $1', [dropBeforeMs]);
    const { rowCount } = await this.query(
      `insert into api_tokens
        (id, name, secret_hash, role, owners, user_name, created_ms, created_by, expires_ms)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [id, name, secretHash, role, owners, user, createdMs, createdBy, expiresMs],
    );
    return rowCount === 1;
  }

  async touchToken(id: string, atMs: number): Promise<void> {
    await this.query(
      'update api_tokens set used_ms = greatest(coalesce(used_ms, 0), $2) where id = $1',
      [id, atMs],
    );
  }

  async deleteToken(id: string): Promise<void> {
    await this.query('delete from api_tokens where id = $1', [id]);
  }
}

function userOf(row: UserRow): User {
  const { name, password, role, owners, subject } = row;
  const { is_disabled: isDisabled, created_ms: createdMs, created_by: createdBy } = row;
  return { name, password, role, owners, isDisabled, subject, createdMs, createdBy };
}

function loginOf(row: LoginRow): Login {
  const { id, address } = row;
  return {
    ...{ id, address, secretHash: row.secret_hash, user: row.user_name },
    ...{ createdMs: row.created_ms, seenMs: row.seen_ms, expiresMs: row.expires_ms },
  };
}

function tokenOf(row: TokenRow): ApiToken {
  const { id, name, role, owners } = row;
  return {
    ...{ id, name, role, owners, secretHash: row.secret_hash, user: row.user_name },
    ...{ createdMs: row.created_ms, createdBy: row.created_by },
    ...{ expiresMs: row.expires_ms, usedMs: row.used_ms },
  };
}
