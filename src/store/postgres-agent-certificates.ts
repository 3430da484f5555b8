import type pg from 'pg';
import type { HostName } from '../domain/ids.ts';
import type { AgentCertificate, AgentCertificateStore } from './agent-certificate-store.ts';
import { translate } from './postgres-errors.ts';
import { PostgresQueries } from './postgres-queries.ts';

/** Any number will do, so long as every Bridgehead takes the same. */
const certificatesLock = 7_215_304;

/** Agents' certificates in PostgreSQL. */
export class PostgresAgentCertificates extends PostgresQueries implements AgentCertificateStore {
  async add(
    { serial, host, expiresMs }: Parameters<AgentCertificateStore['add']>[0],
    renews: string | null,
    nowMs: number,
  ): Promise<boolean> {
    return this.#alone(async (client) => {
      if (renews !== null && (await revoked(client, [{ serial: renews, host }])).length > 0) {
        return false;
      }
      await client.query('delete from agent_certificates where expires_ms < $1', [nowMs]);
      await client.query(
        'insert into agent_certificates (serial, host, expires_ms) values ($1, $2, $3)',
        [serial, host, expiresMs],
      );
      return true;
    });
  }

  async revoke(host: HostName): Promise<void> {
    await this.#alone(async (client) => {
      await client.query('update agent_certificates set is_revoked = true where host = $1', [host]);
      await client.query('insert into revoked_hosts values ($1) on conflict do nothing', [host]);
      await client.query('delete from join_tokens where host = $1', [host]);
    });
  }

  async revokedOf(certificates: readonly AgentCertificate[]): Promise<readonly AgentCertificate[]> {
    if (certificates.length === 0) return [];
    try {
      return await revoked(this.pool, certificates);
    } catch (error) {
      throw translate(error);
    }
  }

  // A renewal that is under way while a host is shut out must not come out behind it.
  async #alone<Result>(work: (client: pg.PoolClient) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw translate(error);
    });
    let isWhole = false;
    try {
      await client.query('begin isolation level read committed');
      await client.query('select pg_advisory_xact_lock($1)', [certificatesLock]);
      const result = await work(client);
      await client.query('commit');
      isWhole = true;
      return result;
    } catch (error) {
      throw translate(error);
    } finally {
      client.release(!isWhole);
    }
  }
}

async function revoked(
  client: Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>,
  certificates: readonly AgentCertificate[],
): Promise<readonly AgentCertificate[]> {
  const { rows } = await client.query<AgentCertificate>(
    `select asked.serial, asked.host from unnest($1::text[], $2::text[]) as asked (serial, host)
    left join agent_certificates known on known.serial = asked.serial
    left join revoked_hosts on revoked_hosts.host = asked.host
    where coalesce(known.is_revoked, revoked_hosts.host is not null)`,
    [certificates.map(({ serial }) => serial), certificates.map(({ host }) => host)],
  );
  return rows;
}
