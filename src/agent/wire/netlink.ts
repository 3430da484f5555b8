// The kernel's own interface to links, addresses and routes (rtnetlink(7)), for what is asked so
// often, or in such a hurry, that starting `ip` for it would be most of the work.

import koffi from 'koffi';
import { addressNumber, familyOf } from '../../domain/address.ts';
import { insideNamespace } from './libc.ts';

const libc = koffi.load('libc.so.6');
const socket = libc.func('int socket(int domain, int type, int protocol)');
const send = libc.func('int64_t send(int fd, const void *bytes, size_t length, int flags)');
const recv = libc.func('int64_t recv(int fd, _Out_ void *bytes, size_t length, int flags)');
const close = libc.func('int close(int fd)');

// sys/socket.h and linux/netlink.h.
const afNetlink = 16;
const sockRaw = 3;
const sockCloexec = 0o2000000;
const flagRequest = 0x1;
const flagAck = 0x4;
const flagReplace = 0x100;
const flagCreate = 0x400;
const kindError = 2;
const headerBytes = 16;
/** More than a link's description takes; it is read in one piece. */
const answerBytesMax = 64 * 1024;
// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h.
const newLink = 16;
const getLink = 18;
const newAddress = 20;
const newRoute = 24;
const linkName = 3;
const linkMaster = 10;
const linkBytes = 16;
const addressItself = 1;
const addressLocal = 2;
const withoutDuplicateDetection = 0x02;
const routeOut = 4;
const routeGateway = 5;
const routeSource = 7;
const tableMain = 254;
const byBoot = 3;
const unicast = 1;
const iffUp = 1;
const families = { 4: 2, 6: 10 } as const;
const enodev = 19;

const answer = Buffer.alloc(answerBytesMax);

/** A link as the kernel has it. `master` is the index of its bridge; null where it has none. */
export interface LinkState {
  readonly index: number;
  readonly name: string;
  readonly up: boolean;
  readonly master: number | null;
}

/** Links, addresses and routes of one network namespace. Each call is answered at once. */
export class RouteSocket implements Disposable {
  readonly #fd: number;

  /** @param namespace path of the namespace; this thread's own unless told */
  constructor(namespace?: string) {
    const open = () => Number(socket(afNetlink, sockRaw | sockCloexec, 0));
    this.#fd = namespace === undefined ? open() : insideNamespace(namespace, open);
    if (this.#fd < 0) throw failure('cannot open a netlink socket', koffi.errno());
  }

  /** Null where there is no such link. */
  link(which: string | number): LinkState | null {
    const body = Buffer.alloc(linkBytes);
    if (typeof which === 'number') body.writeInt32LE(which, 4);
    const named = typeof which === 'string' ? [attribute(linkName, nameBytes(which))] : [];
    const said = this.#ask(getLink, 0, [body, ...named]);
    if (said.kind === 'error') {
      if (said.code === enodev) return null;
      throw failure(`cannot read link ${which}`, said.code);
    }
    return linkOf(said.body);
  }

  /** Gives a link an address, or leaves it as it is; IPv6 without the kernel's duplicate detection. */
  putAddress(index: number, address: string, prefix: number): void {
    const family = familyOf(address);
    const body = Buffer.alloc(8);
    const flags = family === 6 ? withoutDuplicateDetection : 0;
    body.set([families[family], prefix, flags, 0]);
    body.writeUInt32LE(index, 4);
    const bytes = addressBytes(address);
    const parts = [body, attribute(addressLocal, bytes), attribute(addressItself, bytes)];
    this.#change(newAddress, parts, `cannot give it ${address}/${prefix}`);
  }

  /** Makes the default route of the address's family, or replaces it. */
  putDefaultRoute(index: number, gateway: string, source: string): void {
    const body = Buffer.alloc(12);
    body.set([families[familyOf(gateway)], 0, 0, 0, tableMain, byBoot, 0, unicast]);
    const parts = [
      body,
      attribute(routeGateway, addressBytes(gateway)),
      attribute(routeOut, wordBytes(index)),
      attribute(routeSource, addressBytes(source)),
    ];
    this.#change(newRoute, parts, `cannot route by ${gateway} from ${source}`);
  }

  #change(kind: number, parts: readonly Uint8Array[], what: string): void {
    const said = this.#ask(kind, flagAck | flagCreate | flagReplace, parts);
    if (said.kind !== 'error') throw new Error(`${what}: the kernel said something else`);
    if (said.code !== 0) throw failure(what, said.code);
  }

  // The kernel has answered by the time that `send` returns: one question, one datagram.
  #ask(kind: number, flags: number, parts: readonly Uint8Array[]): Answer {
    const bodyBytes = parts.reduce((sum, { length }) => sum + length, 0);
    const header = Buffer.alloc(headerBytes);
    header.writeUInt32LE(headerBytes + bodyBytes, 0);
    header.writeUInt16LE(kind, 4);
    header.writeUInt16LE(flagRequest | flags, 6);
    const message = Buffer.concat([header, ...parts]);
    if (Number(send(this.#fd, message, message.length, 0)) !== message.length) {
      throw failure('cannot ask the kernel', koffi.errno());
    }
    const length = Number(recv(this.#fd, answer, answer.length, 0));
    if (length < headerBytes + 4) throw failure('the kernel did not answer', koffi.errno());
    const body = Buffer.from(answer.subarray(headerBytes, answer.readUInt32LE(0)));
    if (answer.readUInt16LE(4) === kindError) return { kind: 'error', code: -body.readInt32LE(0) };
    if (answer.readUInt16LE(4) === newLink) return { kind: 'link', body };
    throw new Error(`the kernel answered with a message of kind ${answer.readUInt16LE(4)}`);
  }

  [Symbol.dispose](): void {
    close(this.#fd);
  }
}

type Answer =
  /** Code 0 is the word that all went well. */
  | { readonly kind: 'error'; readonly code: number }
  | { readonly kind: 'link'; readonly body: Buffer };

function linkOf(body: Buffer): LinkState {
  let name = '';
  let master: number | null = null;
  for (let at = linkBytes; at + 4 <= body.length; ) {
    const length = body.readUInt16LE(at);
    if (length < 4) break;
    const kind = body.readUInt16LE(at + 2);
    if (kind === linkName) name = body.toString('latin1', at + 4, at + length - 1);
    if (kind === linkMaster) master = body.readUInt32LE(at + 4);
    at += padded(length);
  }
  return { index: body.readInt32LE(4), name, up: (body.readUInt32LE(8) & iffUp) !== 0, master };
}

function attribute(kind: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(padded(4 + value.length));
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(kind, 2);
  bytes.set(value, 4);
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}

function nameBytes(name: string): Uint8Array {
  return Buffer.from(`${name}\0`, 'latin1');
}

function wordBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function addressBytes(address: string): Uint8Array {
  const digits = familyOf(address) === 6 ? 32 : 8;
  return Buffer.from(addressNumber(address).toString(16).padStart(digits, '0'), 'hex');
}

function failure(what: string, code: number): Error {
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === code)?.[0] ?? 'unknown';
  return new Error(`${what}: ${name} (${code})`);
}
