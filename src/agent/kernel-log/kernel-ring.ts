import { closeSync, constants, openSync, readSync } from 'node:fs';

/** What a look into the kernel's ring of messages found. */
export type RingLook =
  | { readonly kind: 'record'; readonly text: string }
  /** Nothing since the last look. */
  | { readonly kind: 'empty' }
  /** Records were overwritten before they could be read; the next look finds the oldest there is. */
  | { readonly kind: 'overrun' };

/** The kernel's messages, from the oldest that it still has. */
export interface KernelRing {
  /** Never waits. @throws Error where it cannot be read; the next look begins anew */
  look(): RingLook;
  close(): void;
}

/** The longest that the kernel hands out is 8 KiB (CONSOLE_EXT_LOG_MAX). */
const recordBytesMax = 16_384;

/** /dev/kmsg, which gives each reader all records. */
export class KmsgDevice implements KernelRing {
  readonly #path: string;
  readonly #buffer = Buffer.alloc(recordBytesMax);
  #file: number | null = null;

  constructor(path = '/dev/kmsg') {
    this.#path = path;
  }

  look(): RingLook {
    this.#file ??= openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const bytes = readSync(this.#file, this.#buffer, 0, recordBytesMax, null);
      if (bytes === 0) return { kind: 'empty' };
      return { kind: 'record', text: this.#buffer.toString('latin1', 0, bytes) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') return { kind: 'empty' };
      // EINVAL: a record that is longer than the buffer, and is passed over.
      if (code === 'EPIPE' || code === 'EINVAL') return { kind: 'overrun' };
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}
