/** A certificate without its key. */
export interface StoredCertificate {
  readonly name: string;
  /** Whose instances may use it; '' for everybody's. */
  readonly owner: string;
  /** Higher than that of every one before, of any name. */
  readonly version: number;
  /** PEM, the certificate of the service first. */
  readonly chain: string;
  readonly notAfterMs: number;
  readonly addedBy: string;
  readonly addedMs: number;
}

/** What a host needs to serve with it. */
export interface CertificateWithKey {
  readonly name: string;
  readonly version: number;
  readonly chain: string;
  readonly key: string;
}

/** The certificates that instances' configurations may name. */
export interface CertificateStore {
  /** Adds one, or the next version of one. @returns its version */
  put(certificate: Omit<StoredCertificate, 'version'>, key: string): Promise<number>;
  /** All, by name. */
  list(): Promise<readonly StoredCertificate[]>;
  /** The version of each. */
  versions(): Promise<ReadonlyMap<string, number>>;
  /** Those of these names that there are, with their keys. */
  withKeys(names: readonly string[]): Promise<readonly CertificateWithKey[]>;
  /** @returns false where there is none of that name */
  remove(name: string): Promise<boolean>;
  /**
   * Notes that people were told how many days are left, unless they were told of as few before.
   *
   * @returns whether it was noted: of several schedulers, one is to tell
   */
  noteWarned(name: string, version: number, days: number): Promise<boolean>;
}
