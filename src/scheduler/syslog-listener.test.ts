import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { HostName } from '../domain/ids.ts';
import { systemClock } from '../system/clock.ts';
import {
  createAuthority,
  issueServerCertificate,
  newAgentRequest,
  signAgentRequest,
} from '../trust/authority.ts';
import { SyslogListener, type SyslogListenerParts } from './syslog-listener.ts';

const home = '127.0.0.1';

interface Scene {
  readonly listener: SyslogListener;
  readonly heard: string[];
  readonly logged: string[];
  /** Serial numbers of certificates that were taken back. */
  readonly revoked: Set<string>;
}

function scene(
  tls = { certificate: '', key: '', ca: '' },
  whenRoom: () => Promise<void> | null = () => null,
  revokedOf?: SyslogListenerParts['revokedOf'],
): Scene {
  const heard: string[] = [];
  const logged: string[] = [];
  const revoked = new Set<string>();
  const drops = [0, 7, 7, 10];
  const listener = new SyslogListener({
    tls,
    onMessage: (bytes, address, host) =>
      heard.push(`${address} ${host ?? '-'} ${Buffer.from(bytes).toString()}`),
    whenRoom,
    clock: systemClock,
    dropsAt: async () => drops.shift() ?? 0,
    onUnread: (count) => logged.push(`${count} unread`),
    revokedOf: revokedOf ?? (async (shown) => shown.filter(({ serial }) => revoked.has(serial))),
    log: (message, details) => logged.push(`${message}: ${String(details?.error)}`),
  });
  return { listener, heard, logged, revoked };
}

async function until(condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !condition(); looks += 1) await systemClock.sleep(10);
}

test('syslog by UDP and by TCP, whole at the end of a connection too', async () => {
  const { listener, heard } = scene();
  const port = await listener.listen(home, 0);
  const datagrams = createSocket('udp4');
  datagrams.send('<6>by UDP', port, home);
  const socket = connect(port, home);
  await once(socket, 'connect');
  socket.end('<6>a line\n10 <6>counted<6>unended');
  await until(() => heard.length >= 4);
  datagrams.close();
  listener.close();
  assert.deepEqual(heard.toSorted(), [
    `${home} - <6>a line`,
    `${home} - <6>by UDP`,
    `${home} - <6>counted`,
    `${home} - <6>unended`,
  ]);
});

/** An authority, a server's certificate of it, and lb-7's. */
async function fleet() {
  const now = new Date(systemClock.wallMs());
  const authority = await createAuthority(now);
  const server = await issueServerCertificate(authority, [home], now);
  const agent = await newAgentRequest();
  const cert = await signAgentRequest(authority, agent.csr, 'lb-7' as HostName, now);
  const ca = authority.certificate;
  return { tls: { ...server, ca }, sender: { host: home, ca, key: agent.key, cert } };
}

test('by TLS a sender is the host of its certificate, and one without is not heard', async () => {
  const { tls, sender } = await fleet();
  const { listener, heard, logged } = scene(tls);
  const port = await listener.listenTls(home, 0);
  const own = connectTls({ port, ...sender });
  await once(own, 'secureConnect');
  own.end('9 <6>sealed');
  const stranger = connectTls({ port, host: home, ca: tls.ca });
  stranger.on('error', () => undefined);
  stranger.write('<6>who am I\n');
  await until(() => heard.length > 0 && logged.length > 0);
  stranger.destroy();
  listener.close();
  assert.deepEqual(heard, [`${home} lb-7 <6>sealed`]);
  assert.match(logged[0] ?? '', /without a certificate of this fleet/);
});

test('a certificate that was taken back: what is open is cut, and nothing more is heard by it', async () => {
  const { tls, sender } = await fleet();
  const { listener, heard, logged, revoked } = scene(tls);
  const port = await listener.listenTls(home, 0);
  const open = connectTls({ port, ...sender });
  open.on('error', () => undefined);
  open.write('<6>before\n');
  await until(() => heard.length > 0);
  await listener.closeRevoked();
  assert.equal(open.destroyed, false);

  revoked.add(new X509Certificate(sender.cert).serialNumber);
  await listener.closeRevoked();
  await until(() => open.destroyed);
  const again = connectTls({ port, ...sender });
  again.on('error', () => undefined);
  again.end('<6>after\n');
  await until(() => logged.length > 0 || heard.length > 1);
  const isCut = open.destroyed;
  for (const socket of [open, again]) socket.destroy();
  listener.close();
  assert.ok(isCut, 'the open connection was cut');
  assert.deepEqual(heard, [`${home} lb-7 <6>before`]);
  assert.match(logged.join(), /refused a sender: .*of host lb-7 was taken back/);
});

test('where it is not known whether a certificate is good, its sender is not heard yet', async () => {
  const { tls, sender } = await fleet();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<readonly []>();
  const { listener, heard, logged } = scene(tls, undefined, () => {
    asked.resolve();
    return answer.promise;
  });
  const port = await listener.listenTls(home, 0);
  const socket = connectTls({ port, ...sender });
  socket.on('error', () => undefined);
  socket.write('<6>early\n');
  await asked.promise;
  answer.reject(new Error('the database does not answer'));
  await until(() => logged.length > 0);
  socket.destroy();
  listener.close();
  assert.deepEqual(heard, []);
  assert.match(logged.join(), /does not answer/);
});

test('who sends by TCP waits while there is no room, and nothing of it is lost', async () => {
  const room = Promise.withResolvers<void>();
  let isRoom = false;
  const { listener, heard } = scene(undefined, () => (isRoom ? null : room.promise));
  const port = await listener.listen(home, 0);
  const socket = connect(port, home);
  await once(socket, 'connect');
  const count = 100_000;
  socket.end(Array.from({ length: count }, (_, index) => `<6>line ${index}\n`).join(''));
  await until(() => heard.length > 0);
  // Somebody else is heard meanwhile: time enough to have read on.
  const other = connect(port, home);
  other.end('<6>other\n');
  await until(() => heard.includes(`${home} - <6>other`));
  const heardBefore = heard.length;
  isRoom = true;
  room.resolve();
  await until(() => heard.length === count + 1);
  listener.close();
  assert.ok(heardBefore < count / 10, `${heardBefore} were read`);
  assert.equal(heard.length, count + 1);
  assert.equal(heard.at(-1), `${home} - <6>line ${count - 1}`);
});

test('what the kernel drops of datagrams is told once, as it grows', async () => {
  const { listener, logged } = scene();
  for (let look = 0; look < 4; look += 1) await listener.countDrops(514);
  assert.deepEqual(logged, ['7 unread', '3 unread']);
});
