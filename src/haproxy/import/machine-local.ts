import type { ConfigLine } from '../config-lines.ts';
import type { SpecFields } from './fate.ts';
import { isProxy } from './old-keywords.ts';

/** What of a configuration is about the machine that it ran on, and where that is now. */
export interface MachineLocal {
  readonly fate: 'moved' | 'managed';
  readonly detail: string;
  readonly sets?: SpecFields | undefined;
}

const container = 'the instance runs in a container of its own, without rights it does not need';
const cpus = 'resources.cpus of the instance rules how many threads there are';
const stateFile = 'there is no file of server states in a container';
const oneProcess = 'an instance is one process';

const globals: ReadonlyMap<string, string> = new Map([
  ['ca-base', 'a folder of this machine'],
  ['chroot', container],
  ['cpu-map', cpus],
  ['crt-base', 'a folder of this machine'],
  ['daemon', 'the agent starts HAProxy and watches it'],
  ['debug', 'a switch for a terminal'],
  ['external-check', 'no program can be run in the container: a check that does is refused'],
  ['gid', container],
  ['group', container],
  ['localpeer', 'the instance is called by its own name among its peers'],
  ['master-worker', 'the agent starts HAProxy in master-worker mode'],
  ['mworker-max-reloads', 'the agent sees to old workers'],
  ['nbproc', oneProcess],
  ['nbthread', cpus],
  ['node', 'the name of the instance is the name of the node'],
  ['numa-cpu-mapping', cpus],
  ['pidfile', 'the agent knows the process by its container'],
  ['quiet', 'a switch for a terminal'],
  ['server-state-base', stateFile],
  ['server-state-file', stateFile],
  ['thread-group', cpus],
  ['thread-groups', cpus],
  ['uid', container],
  ['ulimit-n', 'the limit follows from resources.maxConnections of the instance'],
  ['unix-bind', container],
  ['user', container],
  ['zero-warning', 'warnings of HAProxy are shown when the spec is applied'],
]);

const statsKeywords: ReadonlyMap<string, string> = new Map([
  ['bind-process', oneProcess],
  ['socket', "the agent has the runtime API on a socket of its own, as 'level admin'"],
]);

/** Fewest and most connections that the spec takes for an instance. */
const connectionsMin = 10;
const connectionsMax = 100_000_000;

/** Where a line about this machine belongs now; null for any other line. */
export function machineLocal(line: ConfigLine): MachineLocal | null {
  if (line.isHeader || line.section === null) return null;
  const no = line.words[0]?.text === 'no' || line.words[0]?.text === 'default' ? 1 : 0;
  const [first, second, third] = line.words.slice(no);
  if (first === undefined) return null;
  if (first.text === 'log') return localLog(line);
  if (line.section.keyword !== 'global') {
    if (!isProxy(line)) return null;
    if (/^(?:load-server-state-from-file|server-state-file-name)$/.test(first.text))
      return { fate: 'managed', detail: stateFile };
    return first.text === 'bind-process' ? { fate: 'managed', detail: oneProcess } : null;
  }
  if (first.text === 'maxconn') return connections(second?.text ?? '');
  if (first.text === 'description') {
    const notes = line.words.slice(no + 1).map(({ text }) => text);
    return { fate: 'moved', detail: 'to notes of the instance', sets: { notes: notes.join(' ') } };
  }
  const detail =
    first.text === 'stats' ? statsKeywords.get(second?.text ?? '') : globals.get(first.text);
  if (detail === undefined) return null;
  const overTcp =
    first.text === 'stats' && third !== undefined && !/^(?:\/|unix@|abns@)/.test(third.text);
  const more = overTcp ? '; it cannot be reached over the network any more' : '';
  const sets = first.text === 'node' ? { node: second?.text } : undefined;
  return { fate: 'managed', detail: detail + more, sets };
}

function connections(text: string): MachineLocal {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count < connectionsMin || count > connectionsMax) {
    const detail = 'resources.maxConnections of the instance rules it';
    return { fate: 'managed', detail };
  }
  const detail = `to resources.maxConnections of the instance: ${count}`;
  return { fate: 'moved', detail, sets: { maxConnections: count } };
}

/** `log` to a syslog daemon of this machine, by socket or loopback. */
function localLog(line: ConfigLine): MachineLocal | null {
  const target = line.words[1]?.text ?? '';
  const host = target.replace(/^(?:udp[46]?|tcp[46]?|ipv[46]|stream\+\w+|dgram\+\w+)@/, '');
  const isLocal =
    /^(?:unix@)?\//.test(host) ||
    /^(?:localhost|127\.[\d.]+|\[?::1\]?)(?::\d*)?$/.test(host) ||
    /^(?:fd|abnsz?|sockpair)@/.test(host);
  if (!isLocal) return null;
  const detail =
    'no log daemon runs in the container: to have logs, name one that the instance reaches';
  return { fate: 'managed', detail };
}
