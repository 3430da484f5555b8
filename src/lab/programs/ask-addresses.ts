// Connects to each address until it answers or the time is over, and prints what came of it as
// JSON. A refused connection is an answer too: somebody holds the address.
// Usage: ask-addresses.ts LIMIT-MS JSON, a list of {address, port}

import { createConnection } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

interface Target {
  readonly address: string;
  readonly port: number;
}

const tryMs = 1_000;
const pauseMs = 50;

const [limit, targets = '[]'] = process.argv.slice(2);
const deadlineMs = performance.now() + Number(limit);
const asked = (JSON.parse(targets) as readonly Target[]).map(async (target) => ({
  ...target,
  error: await askUntilAnswered(target),
}));
console.log(JSON.stringify(await Promise.all(asked)));

async function askUntilAnswered(target: Target): Promise<string | null> {
  for (;;) {
    const error = await ask(target);
    if (error === null || performance.now() > deadlineMs) return error;
    await wait(pauseMs);
  }
}

function ask({ address, port }: Target): Promise<string | null> {
  return new Promise((resolve) => {
    const connection = createConnection({ host: address, port, timeout: tryMs });
    const end = (error: string | null) => {
      connection.destroy();
      resolve(error);
    };
    connection.once('connect', () => end(null));
    connection.once('timeout', () => end('no answer'));
    connection.once('error', (error: NodeJS.ErrnoException) => {
      end(error.code === 'ECONNREFUSED' ? null : (error.code ?? error.message));
    });
  });
}
