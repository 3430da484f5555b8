// The words of HAProxy's runtime API (management guide, 9.3). A name or value that could be more than
// one word of one command is refused here, where text becomes a command, whoever has checked it before.

import type { LiveChange, Override } from '../domain/live.ts';
import { serverRows } from './server-rows.ts';

/** Names of proxies and servers: all that HAProxy takes itself (configuration manual, 2.2). */
export const proxyNamePattern = /^[A-Za-z0-9_.:-]{1,128}$/;
/** Files of maps and ACLs. `#` names one by its number, which is another after a reload. */
export const patternFilePattern = /^[A-Za-z0-9_./-]{1,255}$/;
/**
 * Keys and values: visible ASCII without what the runtime API reads otherwise: a space or line feed
 * ends a word or command, `;` a command, `\` and quotes hide, `<<` begins a payload, `#` in front
 * names an entry by its address, `@` a version.
 */
export const patternWordPattern = /^(?![#@])[!#$%&()*+,./0-9:=>?@A-Z[\]^_`a-z{|}~-]{1,512}$/;

function word(text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new Error(`${JSON.stringify(text)} is no word for HAProxy`);
}

/** What shows whether a change holds. */
export function showCommand(change: Override): string {
  return change.kind === 'server'
    ? `show servers state ${word(change.backend, proxyNamePattern)}`
    : `show ${change.kind} ${word(change.file, patternFilePattern)}`;
}

/**
 * The commands of a change, in their order.
 *
 * @param shown what {@link showCommand} was answered with before
 * @throws Error for a word that HAProxy could read as anything else
 */
export function changeCommands(change: LiveChange, shown: string): readonly string[] {
  switch (change.kind) {
    case 'server': {
      const name = `${word(change.backend, proxyNamePattern)}/${word(change.server, proxyNamePattern)}`;
      const { state, weight, address, port } = change;
      // Only what looks like an address gets here: digits, letters of hexadecimal, dots and colons.
      const ip = address === null ? serverIn(shown, change.server)?.address : address;
      const goal =
        address === null && port === null ? null : word(ip ?? '', /^[0-9a-fA-F.:]{2,45}$/);
      return [
        ...(goal === null
          ? []
          : [`set server ${name} addr ${goal}${port === null ? '' : ` port ${Math.trunc(port)}`}`]),
        ...(weight === null ? [] : [`set server ${name} weight ${Math.trunc(weight)}`]),
        ...(state === null ? [] : [`set server ${name} state ${state}`]),
      ];
    }
    case 'map': {
      const [file, key] = [
        word(change.file, patternFilePattern),
        word(change.key, patternWordPattern),
      ];
      const isThere = entriesIn(shown).some((entry) => entry.key === key);
      if (change.value === null) return isThere ? [`del map ${file} ${key}`] : [];
      const value = word(change.value, patternWordPattern);
      return [`${isThere ? 'set' : 'add'} map ${file} ${key} ${value}`];
    }
    case 'acl': {
      const [file, key] = [
        word(change.file, patternFilePattern),
        word(change.key, patternWordPattern),
      ];
      const isThere = entriesIn(shown).some((entry) => entry.key === key);
      if (change.isPresent === isThere) return [];
      return [`${change.isPresent ? 'add' : 'del'} acl ${file} ${key}`];
    }
    case 'table': {
      const table = word(change.table, proxyNamePattern);
      const key = change.key === null ? '' : ` key ${word(change.key, patternWordPattern)}`;
      return [`clear table ${table}${key}`];
    }
  }
}

/** True where HAProxy knows what the change is about. */
export function isKnown(change: Override, shown: string): boolean {
  if (change.kind === 'server') return serverIn(shown, change.server) !== null;
  return !/^Unknown /m.test(shown);
}

/** Whether HAProxy shows what the change wanted. */
export function holds(change: Override, shown: string): boolean {
  if (change.kind === 'server') {
    const server = serverIn(shown, change.server);
    if (server === null) return false;
    const { state, weight, address, port } = change;
    return (
      (state === null || server.state === state) &&
      (weight === null || server.weight === weight) &&
      (address === null || server.address === address) &&
      (port === null || server.port === port)
    );
  }
  const found = entriesIn(shown).filter((entry) => entry.key === change.key);
  if (change.kind === 'acl') return found.length > 0 === change.isPresent;
  if (change.value === null) return found.length === 0;
  return found.length > 0 && found.every(({ value }) => value === change.value);
}

/** A server as `show servers state` has it. */
export interface LiveServer {
  readonly backend: string;
  readonly server: string;
  readonly state: 'ready' | 'drain' | 'maint';
  /** False where its health checks have failed. */
  readonly isUp: boolean;
  readonly weight: number;
  /** Of the configuration. */
  readonly configuredWeight: number;
  /** Null where it has none yet, such as a name that does not resolve. */
  readonly address: string | null;
  readonly port: number;
  /** Since its state changed last, seconds. */
  readonly sinceS: number;
}

// Bits of srv_admin_state: forced by a person, inherited, by the resolver; not 4, which is left of a
// server that the configuration disabled and that is ready since (include/haproxy/server-t.h).
const maintBits = 0x01 | 0x02 | 0x20 | 0x40;
const drainBits = 0x08 | 0x10;

/** Servers in the answer to `show servers state`. */
export function readServers(text: string): readonly LiveServer[] {
  return serverRows(text).map((cell) => {
    const number = (column: string) => Number(cell(column)) || 0;
    const admin = number('srv_admin_state');
    return {
      backend: cell('be_name'),
      server: cell('srv_name'),
      state: (admin & maintBits) !== 0 ? 'maint' : (admin & drainBits) !== 0 ? 'drain' : 'ready',
      isUp: number('srv_op_state') !== 0,
      weight: number('srv_uweight'),
      configuredWeight: number('srv_iweight'),
      address: cell('srv_addr') === '-' ? null : cell('srv_addr'),
      port: number('srv_port'),
      sinceS: number('srv_time_since_last_change'),
    };
  });
}

function serverIn(shown: string, name: string): LiveServer | null {
  return readServers(shown).find(({ server }) => server === name) ?? null;
}

/** Entries in the answer to `show map FILE` or `show acl FILE`; an ACL's have no value. */
export function readEntries(
  text: string,
): readonly { readonly key: string; readonly value: string }[] {
  return entriesIn(text);
}

function entriesIn(text: string) {
  return [...text.matchAll(/^0x[0-9a-f]+ (\S+)(?: (.*))?$/gm)].map(([, key = '', value = '']) => ({
    key,
    value,
  }));
}

/** Maps and ACLs that are read from files, in the answer to `show map` or `show acl`. */
export function readPatternFiles(
  text: string,
): readonly { readonly file: string; readonly entries: number }[] {
  const found = [...text.matchAll(/^-?\d+ \(([^)\s]+)\) .*?(?:entry_cnt=(\d+))?$/gm)];
  return found.map(([, file = '', entries]) => ({ file, entries: Number(entries ?? 0) }));
}

/** Tables in the answer to `show table`. */
export function readTables(text: string) {
  return [...text.matchAll(/^# table: (\S+), type: (\S+), size:(\d+), used:(\d+)/gm)].map(
    ([, name = '', type = '', size, used]) => ({
      ...{ name, type },
      ...{ size: Number(size), used: Number(used) },
    }),
  );
}

/** Entries in the answer to `show table NAME`: the key, and what is counted of it. */
export function readTableEntries(text: string) {
  return [
    ...text.matchAll(/^0x[0-9a-f]+: key=(.*?) use=(\d+) exp=(\d+)(?: shard=\d+)? ?(.*)$/gm),
  ].map(([, key = '', use, expires, data = '']) => ({
    ...{ key, use: Number(use), expiresMs: Number(expires) },
    data: Object.fromEntries(
      data
        .split(' ')
        .map((pair) => pair.split('=', 2))
        .flatMap(([name = '', value = '']) => (name === '' ? [] : [[name, value] as const])),
    ),
  }));
}
