import { styleText } from 'node:util';
import type { Clock } from '../domain/clock.ts';

/** What a command sees of the world it was typed in; handed in, so that tests own it. */
export interface Terminal {
  /** Writes to standard output, as it is. */
  readonly out: (text: string) => void;
  /** Writes to standard error, as it is. */
  readonly err: (text: string) => void;
  /** Whether standard output is a terminal that a person looks at. */
  readonly outIsTty: boolean;
  readonly errIsTty: boolean;
  /** How wide the terminal behind standard output is; null where there is none, or it does not say. */
  readonly outColumns: number | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input, as it comes. */
  readonly input: () => AsyncIterable<Uint8Array>;
  /** Reads a line that is not shown; left out where nobody sits at the keyboard. */
  readonly readHidden?: () => Promise<string>;
  readonly clock: Clock;
  /** Aborted when the person wants the command to end. */
  readonly interrupted: AbortSignal;
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

/** Text as it is. */
export const plain: Paint = (_, text) => text;

const colourful: Paint = (style, text) => styleText(style, text, { validateStream: false });

/**
 * Colours for one of the two streams: only where it is a terminal, and never where NO_COLOR is set
 * to anything (no-color.org).
 */
export function paintFor(terminal: Terminal, stream: 'out' | 'err'): Paint {
  const isTty = stream === 'out' ? terminal.outIsTty : terminal.errIsTty;
  const isUnwanted = (terminal.env['NO_COLOR'] ?? '') !== '' || terminal.env['TERM'] === 'dumb';
  return isTty && !isUnwanted ? colourful : plain;
}

/** The person ended the command; the message, where there is one, says what goes on without them. */
export class Interruption extends Error {}
