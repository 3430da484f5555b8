import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { afterEntry, type JournalEntry, type LabState, replayJournal } from './journal.ts';

/** A lab's journal on disk. One process at a time adds to it: the one that holds the lab's lock. */
export class JournalFile {
  readonly path: string;
  #state: LabState;

  private constructor(path: string, state: LabState) {
    this.path = path;
    this.#state = state;
  }

  /**
   * The journal at `path`, to add to; a line that a crash cut off is taken out.
   *
   * @returns null where there is none
   * @throws BridgeheadError LAB_FAILED when the file is no journal
   */
  static open(path: string): JournalFile | null {
    const text = readText(path);
    const state = replay(path, text);
    if (state === null) return null;
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole !== text) {
      const file = openSync(path, 'r+');
      try {
        ftruncateSync(file, Buffer.byteLength(whole));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
    }
    return new JournalFile(path, state);
  }

  /** Begins a journal, in a folder that is there. */
  static begin(path: string, lab: JournalEntry & { kind: 'lab' }): JournalFile {
    closeSync(openSync(path, 'w', 0o600));
    const journal = new JournalFile(path, afterEntry(null, lab));
    journal.#write(lab);
    syncFolder(dirname(path));
    return journal;
  }

  get state(): LabState {
    return this.#state;
  }

  /** Adds an entry; it is on disk when this returns. */
  add(added: JournalEntry): void {
    this.#write(added);
    this.#state = afterEntry(this.#state, added);
  }

  #write(added: JournalEntry): void {
    const file = openSync(this.path, 'a', 0o600);
    try {
      writeSync(file, `${JSON.stringify(added)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }
}

/** The state of the lab whose journal is at `path`, for reading only; null where there is none. */
export function readLabState(path: string): LabState | null {
  return replay(path, readText(path));
}

function replay(path: string, text: string): LabState | null {
  try {
    return replayJournal(text);
  } catch (cause) {
    throw new BridgeheadError(
      'LAB_FAILED',
      `${path} is damaged: ${(cause as Error).message}`,
      'Mend or remove that line by hand, so that the lab can find what it made.',
      { cause },
    );
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
