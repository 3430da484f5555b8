import { sql } from 'kysely';
import type { HostName } from '../domain/ids.ts';
import type { AttachmentRows } from './attachment-rows.ts';
import { PostgresConfigs } from './postgres-configs.ts';

/** What is in attachments. Who has which stands in instances and versions of configurations. */
export class PostgresAttachments extends PostgresConfigs implements AttachmentRows {
  async putContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    // One statement each: together they may be larger than the wire's longest message.
    for (const [sha256, content] of contents) {
      await this.db
        .insertInto('attachment_contents')
        .values({ sha256, content: Buffer.from(content) })
        .onConflict((conflict) => conflict.column('sha256').doNothing())
        .execute();
    }
  }

  async contentFor(host: HostName | null, sha256: string): Promise<Uint8Array | null> {
    const attached = JSON.stringify({ attachments: [{ sha256 }] });
    const row = await this.db
      .selectFrom('attachment_contents')
      .select('content')
      .where('sha256', '=', sha256)
      .$if(host !== null, (query) =>
        query.where(
          sql<boolean>`exists (
            select from instances
            where id in (
                select instance_id from assignments where host = ${host}
                union all select instance_id from standbys where host = ${host}
              )
              and (spec @> ${attached}::jsonb or exists (
                select from config_versions
                where instance_id = instances.id and content @> ${attached}::jsonb
              ))
          )`,
        ),
      )
      .executeTakeFirst();
    return row?.content ?? null;
  }

  async dropUnusedContents(): Promise<number> {
    const { rows } = await sql`
      with specs as (
        select spec -> 'attachments' as attachments from instances
        union all select content -> 'attachments' from config_versions
        union all select target -> 'content' -> 'attachments'
        from rollouts, jsonb_array_elements(rollout -> 'targets') as target
      )
      delete from attachment_contents
      where sha256 not in (
        select attachment ->> 'sha256'
        from specs, jsonb_array_elements(attachments) as attachment
        where attachments is not null
      )
      returning sha256`.execute(this.db);
    return rows.length;
  }
}
