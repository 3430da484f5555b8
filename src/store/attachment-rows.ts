import type { HostName } from '../domain/ids.ts';

/** The part of a transaction that is about what is in attachments. */
export interface AttachmentRows {
  /** Adds those that are not there yet. @param contents by their SHA-256 in hexadecimal */
  putContents(contents: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /**
   * What is in an attachment of an instance that the host runs or stands by for, now or in a version
   * of its configuration; null where there is none. A host that is null has to do with all.
   */
  contentFor(host: HostName | null, sha256: string): Promise<Uint8Array | null>;
  /** Drops those that no instance has in any version of its configuration. @returns how many there were */
  dropUnusedContents(): Promise<number>;
}
