// Makes the lab's API reachable from the machine: pipes a TCP port of 127.0.0.1 to a scheduler's
// unix socket, which is in another network namespace and yet in the same file system.
// Usage: api-forwarder.ts PORT SOCKET [PORT SOCKET ...]

import { createConnection, createServer } from 'node:net';

const connectionsMax = 1_000;

const words = process.argv.slice(2);
for (let index = 0; index + 1 < words.length; index += 2) {
  forward(Number(words[index]), words[index + 1] ?? '');
}

function forward(port: number, socketPath: string): void {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const scheduler = createConnection({ path: socketPath, allowHalfOpen: true });
    client.pipe(scheduler);
    scheduler.pipe(client);
    client.once('error', () => scheduler.destroy());
    scheduler.once('error', () => client.destroy());
    client.once('close', () => scheduler.destroy());
    scheduler.once('close', () => client.destroy());
  });
  server.maxConnections = connectionsMax;
  server.listen(port, '127.0.0.1', () => console.log(`listening on 127.0.0.1:${port}`));
}
