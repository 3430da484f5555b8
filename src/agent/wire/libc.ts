// The few C library calls that Node does not offer: entering another network namespace and raw
// packet sockets. docs/decisions/0008 weighs the other ways to send an ARP packet.

import { closeSync, openSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');
const setns = libc.func('int setns(int fd, int kind)');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
const send = libc.func('int64_t send(int fd, const void *bytes, size_t length, int flags)');
const recv = libc.func('int64_t recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const close = libc.func('int close(int fd)');
const ioctl = libc.func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)');
const filterProgram = koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'void *' });
const setFilter = libc.func(
  'int setsockopt(int fd, int level, int name, const sock_fprog *program, uint32_t length)',
);
const interfaceIndex = libc.func('uint32_t if_nametoindex(const char *name)');

// Values of linux/x86-64's and every other Linux ABI's headers (sched.h, sys/socket.h).
const cloneNewnet = 0x4000_0000;
const afPacket = 17;
const afInet = 2;
const sockDgram = 2;
const sockRaw = 3;
const sockNonblock = 0o4000;
const sockCloexec = 0o2000000;
const solSocket = 1;
const soAttachFilter = 26;
const filterInstructionBytes = 8;
const eagain = 11;
const ebusy = 16;
// linux/sockios.h and linux/if.h: struct ifreq has the name first, then a union.
const siocGifFlags = 0x8913;
const siocSifFlags = 0x8914;
const siocBrAddIf = 0x89a2;
const iffUp = 1;
const ifreqBytes = 40;
const ifreqNameBytes = 16;
const sockaddrLinkLayerBytes = 20;
const frameBytesMax = 65_536;
/** A frame that arrives is copied out of it before anything else can. */
const scratch = Buffer.alloc(frameBytesMax);

/**
 * Runs `work` with this thread in another network namespace, and comes back. `work` is synchronous
 * by type: nothing else of this process may run in between. A socket opened inside stays inside.
 *
 * @throws Error when the namespace cannot be entered. When it cannot be left again the process
 * ends: everything it did from there on would happen to the wrong host.
 */
export function insideNamespace<Result>(path: string, work: () => Result): Result {
  const own = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const other = openSync(path, 'r');
    try {
      if (setns(other, cloneNewnet) !== 0) throw failure(`cannot enter the namespace ${path}`);
    } finally {
      closeSync(other);
    }
    try {
      return work();
    } finally {
      if (setns(own, cloneNewnet) !== 0) process.abort();
    }
  } finally {
    closeSync(own);
  }
}

/** Node's own list of interfaces that are up and have an address, as another namespace has it. */
export function interfacesInside(path: string): NodeJS.Dict<NetworkInterfaceInfo[]> {
  return insideNamespace(path, () => networkInterfaces());
}

/**
 * Puts a port on a bridge and brings it up: the last step before an address answers, where starting
 * a process would be most of the time. A port that is on a bridge already stays on that one.
 *
 * @throws Error with the kernel's code
 */
export function bringUpOnBridge(port: string, bridge: string): void {
  const fd = Number(socket(afInet, sockDgram | sockCloexec, 0));
  if (fd < 0) throw failure('cannot open a socket');
  try {
    const index = Number(interfaceIndex(port));
    if (index === 0) throw new Error(`no interface ${port}`);
    const joining = interfaceRequest(bridge);
    joining.writeInt32LE(index, ifreqNameBytes);
    if (ioctl(fd, siocBrAddIf, joining) !== 0 && koffi.errno() !== ebusy) {
      throw failure(`cannot put ${port} on ${bridge}`);
    }
    const flags = interfaceRequest(port);
    if (ioctl(fd, siocGifFlags, flags) !== 0) throw failure(`cannot read the flags of ${port}`);
    flags.writeInt16LE(flags.readInt16LE(ifreqNameBytes) | iffUp, ifreqNameBytes);
    if (ioctl(fd, siocSifFlags, flags) !== 0) throw failure(`cannot bring ${port} up`);
  } finally {
    close(fd);
  }
}

function interfaceRequest(name: string): Buffer {
  const request = Buffer.alloc(ifreqBytes);
  request.write(name, 0, ifreqNameBytes - 1, 'latin1');
  return request;
}

/** A raw socket on one interface of one namespace. Never blocks. */
export class PacketSocket implements Disposable {
  readonly #fd: number;
  #isOpen = true;

  /**
   * @param namespace path of the namespace, such as `/proc/PID/ns/net`
   * @param name interface inside it
   * @param etherType frames to receive; 0 to receive none
   * @param filter the program that chooses among them, of `packet-filter.ts`; null for all
   */
  constructor(namespace: string, name: string, etherType: number, filter: Buffer | null = null) {
    this.#fd = insideNamespace(namespace, () => open(name, etherType, filter));
  }

  /** @throws Error with the kernel's code when the frame was not taken, the link being down say */
  send(frame: Uint8Array): void {
    if (send(this.#fd, frame, frame.length, 0) !== frame.length)
      throw failure('cannot send a frame');
  }

  /** The next frame that arrived, or null where there is none. */
  receive(): Uint8Array | null {
    const length = Number(recv(this.#fd, scratch, scratch.length, 0));
    if (length >= 0) return Buffer.from(scratch.subarray(0, length));
    if (koffi.errno() === eagain) return null;
    throw failure('cannot receive a frame');
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    // In another thread: the kernel lets go of a packet socket only after an RCU grace period, tens of
    // milliseconds in which this thread would do nothing else (packet_release in net/packet).
    close.async(this.#fd, () => undefined);
  }
}

function open(name: string, etherType: number, filter: Buffer | null): number {
  const index = Number(interfaceIndex(name));
  if (index === 0) throw new Error(`no interface ${name} in the namespace`);
  // Without a protocol until it is bound: one that hears already is taken off all interfaces first,
  // which waits for a grace period too (packet_do_bind).
  const fd = Number(socket(afPacket, sockRaw | sockNonblock | sockCloexec, 0));
  if (fd < 0) throw failure('cannot open a packet socket');
  // struct sockaddr_ll, linux/if_packet.h: family, protocol (network order), interface index.
  const address = Buffer.alloc(sockaddrLinkLayerBytes);
  address.writeUInt16LE(afPacket, 0);
  address.writeUInt16BE(etherType, 2);
  address.writeInt32LE(index, 4);
  try {
    if (filter !== null) attach(fd, filter);
    if (bind(fd, address, address.length) !== 0) {
      throw failure(`cannot bind a packet socket to ${name}`);
    }
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}

function attach(fd: number, filter: Buffer): void {
  const program = { len: filter.length / filterInstructionBytes, filter };
  const size = koffi.sizeof(filterProgram);
  if (setFilter(fd, solSocket, soAttachFilter, program, size) !== 0) {
    throw failure('cannot filter a packet socket');
  }
}

function failure(what: string): Error {
  const code = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === code)?.[0] ?? 'unknown';
  return new Error(`${what}: ${name} (${code})`);
}
