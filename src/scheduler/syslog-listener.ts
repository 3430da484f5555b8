import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { Clock } from '../domain/clock.ts';
import { FrameCutter } from '../logs/frames.ts';
import type { AgentCertificate } from '../store/agent-certificate-store.ts';
import { hostOfCertificate } from '../trust/authority.ts';

const connectionsMax = 1_000;
/** When the kernel begins to ask whether a sender that says nothing is still there. */
const keepAliveMs = 60_000;
/** What the kernel holds of datagrams while this process does something else. */
const receiveBufferBytes = 8 * 1024 * 1024;
const dropsPeriodMs = 5_000;
/** How long a sender may take to show its certificate. */
const handshakeMs = 10_000;
/** How often it is asked whether certificates of senders were taken back. */
const revocationPeriodMs = 1_000;

export interface SyslogListenerParts {
  /** @param host whom the sender's certificate names; null without one */
  readonly onMessage: (bytes: Uint8Array, address: string, host: string | null) => void;
  readonly clock: Clock;
  /** How many datagrams the kernel has dropped at that port, since the socket was full. */
  readonly dropsAt: (port: number) => Promise<number>;
  /** It has dropped so many more. */
  readonly onUnread: (count: number) => void;
  /** Null: go on; else when to read on from those who can wait, which are all but UDP's senders. */
  readonly whenRoom: () => Promise<void> | null;
  /** Those of these certificates that were taken back. */
  readonly revokedOf: (shown: readonly AgentCertificate[]) => Promise<readonly AgentCertificate[]>;
  readonly tls: { readonly certificate: string; readonly key: string; readonly ca: string };
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/** Hears syslog by UDP, by TCP in both framings (RFC 6587), and by TLS (RFC 5425). */
export class SyslogListener {
  readonly #parts: SyslogListenerParts;
  #datagrams: Datagrams | null = null;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();
  /** Who sends by TLS. */
  readonly #proven = new Map<TLSSocket, AgentCertificate>();
  #stop = () => undefined as void;
  #stopLooking = () => undefined as void;
  #drops = 0;

  constructor(parts: SyslogListenerParts) {
    this.#parts = parts;
  }

  /**
   * UDP and TCP at one port.
   *
   * @returns the port; @throws Error with the system's code where it is taken, say
   */
  async listen(host: string, port: number): Promise<number> {
    const datagrams = createSocket({
      type: host.includes(':') ? 'udp6' : 'udp4',
      recvBufferSize: receiveBufferBytes,
    });
    this.#datagrams = datagrams;
    datagrams.on('message', (bytes, from) =>
      this.#parts.onMessage(bytes, plainAddress(from.address), null),
    );
    datagrams.bind(port, host);
    await once(datagrams, 'listening');
    datagrams.on('error', (error) => this.#parts.log('syslog', { error: String(error) }));
    const { port: bound } = datagrams.address();
    this.#stop = this.#parts.clock.every(dropsPeriodMs, () => void this.countDrops(bound));
    const server = createServer((socket) => this.#read(socket, null));
    // Port 0 is for tests: both have to be one.
    return this.#start(server, host, bound);
  }

  /**
   * By TLS, where only senders are heard that have a certificate of this fleet, as agents do.
   *
   * @returns the port; @throws Error with the system's code where it is taken, say
   */
  async listenTls(host: string, port: number): Promise<number> {
    const { certificate: cert, key, ca } = this.#parts.tls;
    const options = {
      ...{ cert, key, ca, requestCert: true, rejectUnauthorized: true },
      handshakeTimeout: handshakeMs,
    };
    const server = createTlsServer(options, (socket) => void this.#readProven(socket));
    server.on('tlsClientError', (error, socket) =>
      this.#parts.log('syslog: a sender without a certificate of this fleet', {
        address: socket.remoteAddress,
        error: error.message,
      }),
    );
    this.#stopLooking = this.#parts.clock.every(revocationPeriodMs, () => void this.closeRevoked());
    return this.#start(server, host, port);
  }

  /** Cuts the connections of hosts whose certificates were taken back. */
  async closeRevoked(): Promise<void> {
    if (this.#proven.size === 0) return;
    try {
      const revoked = await this.#parts.revokedOf([...this.#proven.values()]);
      const serials = new Set(revoked.map(({ serial }) => serial));
      for (const [socket, { serial }] of this.#proven) if (serials.has(serial)) socket.destroy();
    } catch (error) {
      this.#parts.log('syslog: cannot look for revoked certificates', { error: String(error) });
    }
  }

  /** Tells of what the kernel has dropped since the last time. */
  async countDrops(port: number): Promise<void> {
    const drops = await this.#parts.dropsAt(port);
    const more = drops - this.#drops;
    this.#drops = drops;
    if (more > 0) this.#parts.onUnread(more);
  }

  close(): void {
    this.#stop();
    this.#stopLooking();
    this.#datagrams?.close();
    this.#datagrams = null;
    for (const server of this.#servers.splice(0)) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #start(server: Server, host: string, port: number): Promise<number> {
    server.maxConnections = connectionsMax;
    server.listen(port, host);
    await once(server, 'listening');
    server.on('error', (error) => this.#parts.log('syslog', { error: String(error) }));
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  // Nothing is read before it is known: what was not taken, the sender still has.
  async #readProven(socket: TLSSocket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#proven.delete(socket);
    });
    const shown = shownBy(socket);
    try {
      if (shown === null) throw new Error('its certificate names no host');
      // Before it is asked for: what is taken back meanwhile is found by the next look.
      this.#proven.set(socket, shown);
      const isRevoked = (await this.#parts.revokedOf([shown])).length > 0;
      if (isRevoked) throw new Error(`the certificate of host ${shown.host} was taken back`);
    } catch (error) {
      const { remoteAddress: address } = socket;
      this.#parts.log('syslog: refused a sender', { address, error: String(error) });
      socket.destroy();
      return;
    }
    if (!socket.destroyed) this.#read(socket, shown.host);
  }

  #read(socket: Socket, host: string | null): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    const cutter = new FrameCutter();
    const give = (messages: readonly Uint8Array[]) => {
      for (const message of messages) this.#parts.onMessage(message, address, host);
    };
    this.#sockets.add(socket);
    socket.setKeepAlive(true, keepAliveMs);
    socket.on('data', (chunk: Buffer) => {
      give(cutter.push(chunk));
      const room = this.#parts.whenRoom();
      if (room === null) return;
      socket.pause();
      void room.then(() => socket.resume());
    });
    // A connection that breaks ends as well: what came of its last message is kept.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      give(cutter.end());
      this.#sockets.delete(socket);
    });
  }
}

function shownBy(socket: TLSSocket): AgentCertificate | null {
  const certificate = socket.getPeerX509Certificate();
  const host = certificate === undefined ? null : hostOfCertificate(certificate.raw);
  return certificate === undefined || host === null
    ? null
    : { host, serial: certificate.serialNumber };
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, '');
}
