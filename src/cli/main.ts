import { isatty } from 'node:tty';
import { systemClock } from '../system/clock.ts';
import { readHidden } from './hidden-input.ts';
import { run } from './program.ts';
import type { Terminal } from './terminal.ts';

let interruption: AbortSignal | null = null;

// Taken over only by the commands that ask for it: the others end at once, as signals do by default.
function interrupted(): AbortSignal {
  if (interruption !== null) return interruption;
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => controller.abort());
  }
  interruption = controller.signal;
  return interruption;
}

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  outIsTty: isatty(1),
  errIsTty: isatty(2),
  // A pseudo-terminal that nobody gave a size says 0.
  get outColumns() {
    return process.stdout.isTTY ? process.stdout.columns || null : null;
  },
  env: process.env,
  input: () => process.stdin,
  ...(process.stdin.isTTY ? { readHidden: () => readHidden(process.stdin) } : {}),
  clock: systemClock,
  get interrupted() {
    return interrupted();
  },
};

// `bridgehead events | head` closes the pipe while we still write.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await run(process.argv.slice(2), terminal);
