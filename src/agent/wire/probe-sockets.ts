// Sockets and scheduling of the prober's thread: what Node does not offer, or offers only through an
// event loop that a busy machine delays.

import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const setsockopt = libc.func(
  'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
);
const sendto = libc.func(
  'int64_t sendto(int fd, const void *bytes, size_t length, int flags, const void *to, uint32_t toLength)',
);
const recv = libc.func('int64_t recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const ppoll = libc.func(
  'int ppoll(_Inout_ void *fds, uint64_t count, const void *timeout, const void *mask)',
);
const eventfd = libc.func('int eventfd(uint32_t value, int flags)');
const eventfdWrite = libc.func('int eventfd_write(int fd, uint64_t value)');
const close = libc.func('int close(int fd)');
const schedSetscheduler = libc.func(
  'int sched_setscheduler(int thread, int policy, const void *priority)',
);

// linux headers: sys/socket.h, netinet/in.h, linux/icmp.h, poll.h, sched.h.
const afInet = 2;
const sockDgram = 2;
const sockRaw = 3;
const sockFlags = 0o4000 | 0o2000000;
const protocolIcmp = 1;
const solRaw = 255;
const icmpFilter = 1;
const echoReply = 0;
const pollIn = 1;
const schedRoundRobin = 2;
const schedResetOnFork = 0x4000_0000;

/** A datagram socket of IPv4 that never blocks. */
export class ProbeSocket implements Disposable {
  readonly fd: number;
  readonly #buffer = Buffer.alloc(2_048);
  #isOpen = true;

  constructor(kind: 'icmp' | 'udp') {
    const type = kind === 'icmp' ? sockRaw : sockDgram;
    this.fd = Number(socket(afInet, type | sockFlags, kind === 'icmp' ? protocolIcmp : 0));
    if (this.fd < 0) throw new Error(`cannot open an ${kind} socket: ${errorName()}`);
    try {
      if (kind === 'icmp') {
        // Set bits are dropped in the kernel: all types of message but echo replies.
        const mask = Buffer.alloc(4);
        mask.writeUInt32LE(~(1 << echoReply) >>> 0);
        this.#set(solRaw, icmpFilter, mask);
      }
    } catch (error) {
      close(this.fd);
      throw error;
    }
  }

  /** Null when the kernel took it, else the name of its error, such as ENETUNREACH. */
  send(bytes: Uint8Array, to: Uint8Array): string | null {
    const sent = sendto(this.fd, bytes, bytes.length, 0, to, to.length);
    return Number(sent) === bytes.length ? null : errorName();
  }

  /** What has arrived, valid until the next call; null where nothing has. */
  receive(): Buffer | null {
    const length = Number(recv(this.fd, this.#buffer, this.#buffer.length, 0));
    return length < 0 ? null : this.#buffer.subarray(0, length);
  }

  #set(level: number, name: number, value: Buffer): void {
    if (setsockopt(this.fd, level, name, value, value.length) !== 0)
      throw new Error(`cannot set option ${name} of a probe socket: ${errorName()}`);
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    close(this.fd);
  }
}

/** struct sockaddr_in: family, port and address in network order. */
export function socketAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(afInet, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

/** Sleeps this thread, and nothing else of the process, until one of the sockets has something. */
export class Waiter {
  readonly #fds: Buffer;
  readonly #timeout = Buffer.alloc(16);

  constructor(fds: readonly number[]) {
    this.#fds = Buffer.alloc(fds.length * 8);
    for (const [index, fd] of fds.entries()) {
      this.#fds.writeInt32LE(fd, index * 8);
      this.#fds.writeInt16LE(pollIn, index * 8 + 4);
    }
  }

  wait(timeoutMs: number): void {
    const seconds = Math.floor(timeoutMs / 1_000);
    this.#timeout.writeBigInt64LE(BigInt(seconds), 0);
    this.#timeout.writeBigInt64LE(BigInt(Math.round((timeoutMs - seconds * 1_000) * 1e6)), 8);
    ppoll(this.#fds, this.#fds.length / 8, this.#timeout, null);
  }
}

/** A descriptor by which one thread wakes another out of `Waiter.wait`. */
export class WakeUp implements Disposable {
  readonly fd: number;

  constructor() {
    this.fd = Number(eventfd(0, sockFlags));
    if (this.fd < 0) throw new Error(`cannot make an eventfd: ${errorName()}`);
  }

  wake(): void {
    eventfdWrite(this.fd, 1);
  }

  [Symbol.dispose](): void {
    close(this.fd);
  }
}

const read = libc.func('int64_t read(int fd, _Out_ void *bytes, size_t length)');

/** Takes what woke the thread, so that the next wait sleeps again. */
export function settleWakeUp(fd: number): void {
  read(fd, Buffer.alloc(8), 8);
}

/**
 * Lets this thread run before all that are not real-time (SCHED_RR, sched(7)), as keepalived's
 * rt_priority and corosync do. Null when granted, else the name of the kernel's error.
 */
export function runRealTime(priority: number): string | null {
  const value = Buffer.alloc(4);
  value.writeInt32LE(priority);
  return schedSetscheduler(0, schedRoundRobin | schedResetOnFork, value) === 0 ? null : errorName();
}

function errorName(): string {
  const code = koffi.errno();
  return Object.entries(koffi.os.errno).find(([, value]) => value === code)?.[0] ?? `errno ${code}`;
}
