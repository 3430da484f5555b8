import type { HostName, InstanceId } from '../src/domain/ids.ts';
import type { AttachmentRows } from '../src/store/attachment-rows.ts';
import { SimConfigTransaction } from './config-transaction.ts';

/** The statements about what is in attachments. */
export class SimAttachmentTransaction extends SimConfigTransaction implements AttachmentRows {
  async putContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.around.pass();
    for (const [sha256, content] of contents) this.draft.put('contents', sha256, content);
  }

  async contentFor(host: HostName | null, sha256: string): Promise<Uint8Array | null> {
    await this.around.pass();
    const { assignments, standbys, contents } = this.draft.tables;
    if (host === null) return contents.get(sha256) ?? null;
    const there = [...assignments.values(), ...standbys.values()].filter(
      (one) => one.host === host && this.#hashesOf(one.instanceId).includes(sha256),
    );
    return there.length === 0 ? null : (contents.get(sha256) ?? null);
  }

  async dropUnusedContents(): Promise<number> {
    await this.around.pass();
    const { instances, rollouts } = this.draft.tables;
    const used = new Set([
      ...[...instances.keys()].flatMap((id) => this.#hashesOf(id)),
      ...[...rollouts.values()]
        .flatMap(({ targets }) => targets.flatMap(({ content }) => content?.attachments ?? []))
        .map(({ sha256 }) => sha256),
    ]);
    const unused = [...this.draft.tables.contents.keys()].filter((sha256) => !used.has(sha256));
    for (const sha256 of unused) this.draft.delete('contents', sha256);
    return unused.length;
  }

  #hashesOf(id: string): readonly string[] {
    const { instances, configVersions } = this.draft.tables;
    const versions = configVersions.get(id as InstanceId) ?? [];
    const contents = [instances.get(id)?.instance.spec, ...versions.map(({ content }) => content)];
    return contents.flatMap((one) => (one?.attachments ?? []).map(({ sha256 }) => sha256));
  }
}
