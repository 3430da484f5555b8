import { durationText } from './duration.ts';
import { paintFor, type Terminal } from './terminal.ts';

/** One step of a longer work, as the lab reports it. */
export interface Step {
  readonly name: string;
  readonly state: 'running' | 'done' | 'same' | 'failed';
  readonly tookMs: number | null;
  /** What came of it; empty for nothing to say. */
  readonly detail: string;
}

const eraseLine = '\r\u001B[K';
const nameWidth = 28;

/**
 * Prints steps on standard error as they go: a line for each that ended, and on a terminal a last
 * line that names those under way and makes room for the next.
 */
export function stepPrinter(terminal: Terminal): (step: Step) => void {
  const paint = paintFor(terminal, 'err');
  const running = new Set<string>();
  const marks = {
    done: paint('green', '✓'),
    same: paint('dim', '='),
    failed: paint('red', '✗'),
  };
  return ({ name, state, tookMs, detail }) => {
    if (state === 'running') running.add(name);
    else {
      running.delete(name);
      const took = tookMs === null ? '' : durationText(tookMs);
      const line = `${marks[state]} ${name.padEnd(nameWidth)} ${took.padStart(9)}  ${detail}`;
      terminal.err(`${terminal.errIsTty ? eraseLine : ''}${line.trimEnd()}\n`);
    }
    if (!terminal.errIsTty) return;
    // Longer than the terminal is wide, the line would wrap and could not be erased.
    const names = [...running].join(', ').slice(0, 70);
    terminal.err(`${eraseLine}${names === '' ? '' : paint('dim', `… ${names}`)}`);
  };
}
