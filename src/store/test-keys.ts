import { newSealingKey, type SealingKey } from '../trust/sealing.ts';
import type { KeySource } from './key-file.ts';

/** For tests: keys that are gone with the process. */
export class MemoryKeys implements KeySource {
  readonly name = 'memory';
  #keys: readonly SealingKey[] | null = null;

  read(): Promise<readonly SealingKey[] | null> {
    return Promise.resolve(this.#keys);
  }

  create(): Promise<readonly SealingKey[]> {
    this.#keys ??= [newSealingKey()];
    return Promise.resolve(this.#keys);
  }

  replace(keys: readonly SealingKey[]): Promise<void> {
    this.#keys = keys;
    return Promise.resolve();
  }
}
