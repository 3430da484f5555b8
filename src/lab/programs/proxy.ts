// The one way into the lab: hands TCP connections to 127.0.0.1:PORT on to the scheduler's API,
// a unix socket, so that the lab's network needs no link to the machine's own.
// Usage: proxy.ts PORT SOCKET

import { connect, createServer, type Socket } from 'node:net';

const connectionsMax = 1_024;
const [port, socket] = process.argv.slice(2);
if (port === undefined || socket === undefined) throw new Error('usage: proxy.ts PORT SOCKET');

const server = createServer({ allowHalfOpen: true }, (client) => {
  const upstream = connect({ path: socket, allowHalfOpen: true });
  join(client, upstream);
  join(upstream, client);
});
server.maxConnections = connectionsMax;
server.on('error', (error) => {
  console.error(JSON.stringify({ msg: 'cannot listen', port, error: error.message }));
  process.exit(1);
});
server.listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify({ msg: 'ready', port })));

// An error ends both sides: the scheduler is down, or a client went away.
function join(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('close', () => to.destroySoon());
  from.pipe(to);
}
