// A backend of the lab: one small HTTP server at each address given, in one process.
// Usage: backend.ts PORT NAME=ADDRESS...

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

const slowMsMax = 600_000;
const bytesMax = 1024 * 1024 * 1024;
const chunk = Buffer.alloc(64 * 1024, 'x');

const [port, ...servers] = process.argv.slice(2);
for (const server of servers) {
  const at = server.indexOf('=');
  const name = server.slice(0, at);
  const address = server.slice(at + 1);
  createServer((request, response) => {
    answer(name, request, response).catch(() => response.destroy());
  }).listen(Number(port), address, () =>
    console.log(`${name} listens on ${address} port ${port ?? ''}`),
  );
}

/** `/` and `/health` answer at once, `/slow?ms=` after a while, `/bytes?n=` with that many bytes. */
async function answer(
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://backend');
  response.setHeader('x-backend', name);
  switch (url.pathname) {
    case '/slow':
      await wait(whole(url.searchParams.get('ms'), slowMsMax));
      break;
    case '/bytes':
      await sendBytes(response, whole(url.searchParams.get('n'), bytesMax));
      return;
    case '/':
    case '/health':
      break;
    default:
      response.statusCode = 404;
  }
  response.setHeader('content-type', 'text/plain');
  response.end(`${name}\n`);
}

async function sendBytes(response: ServerResponse, count: number): Promise<void> {
  response.setHeader('content-type', 'application/octet-stream');
  response.setHeader('content-length', count);
  for (let left = count; left > 0 && !response.destroyed; left -= chunk.length) {
    const isTaken = response.write(left < chunk.length ? chunk.subarray(0, left) : chunk);
    if (!isTaken) {
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
    }
  }
  response.end();
}

function whole(text: string | null, max: number): number {
  const value = Number(text);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, max) : 0;
}
