import { canonicalAddress } from '../../domain/address.ts';
import { parseBindAddress } from '../bind-address.ts';
import type { ConfigLine, Section } from '../config-lines.ts';
import type { AddressPlan } from './addresses.ts';
import { type Edit, withoutWords } from './fate.ts';
import { lateWords } from './late-names.ts';

/** What a line has to do with the machine's network beside listening on it. */
export interface Reach {
  readonly edits: readonly Edit[];
  readonly warnings: readonly string[];
  /** Why the line cannot be taken; null where it can. */
  readonly refusal: { readonly at: number; readonly reason: string } | null;
  /** What the edits did. */
  readonly details: readonly string[];
  /** True where nothing is left of the line. */
  readonly isGone: boolean;
}

/** What {@link reachOf} knows of the whole configuration. */
export interface Machine {
  /** What the machine was called among its peers, and what the instance is. */
  readonly names: { readonly localPeer: string; readonly instance: string };
  /** Headers of peers sections, by their lines, that do not name the machine. */
  readonly strangers: ReadonlySet<ConfigLine>;
  readonly plan: AddressPlan;
  /** Where the instance listens on loopback itself, `PORT` each. */
  readonly loopbackPorts: ReadonlySet<string>;
  /** New paths of the sockets that the configuration listens on, by their old ones. */
  readonly sockets: ReadonlyMap<string, string>;
  /** Sections whose servers may begin without an address, by their `default-server`. */
  readonly lateSections: ReadonlySet<Section>;
}

const targets: ReadonlyMap<string, number> = new Map([
  ['dispatch', 1],
  ['log', 1],
  ['mailer', 2],
  ['nameserver', 2],
  ['server', 2],
  ['server-template', 3],
  ['peer', 2],
]);

/** What a line that connects to others needs in a container with an address of its own. */
export function reachOf(line: ConfigLine, machine: Machine): Reach {
  const edits: Edit[] = [];
  const warnings: string[] = [];
  const details: string[] = [];
  const words = line.words.map(({ text }) => text);
  const [keyword = ''] = words;
  const refuse = (at: number, reason: string): Reach => ({
    edits: [],
    warnings: [],
    refusal: { at, reason },
    details: [],
    isGone: false,
  });
  const at = targets.get(keyword);
  const target = at === undefined ? undefined : line.words[at];
  if (target !== undefined && !target.expands) {
    const socket = machine.sockets.get(socketPath(target.text) ?? '');
    if (socket !== undefined) {
      edits.push({ start: target.start, end: target.end, text: socket });
      details.push('the socket lies in the run folder of the instance');
    } else {
      const warning = targetWarning(target.text, line, machine);
      if (warning !== null) warnings.push(warning);
      if (startsLate(target.text, line, machine)) {
        const end = line.words.at(-1)?.end ?? line.text.length;
        edits.push({ start: end, end, text: ` ${startLate}` });
        details.push('HAProxy starts also where nobody knows the name yet');
      }
    }
  }
  if (line.section?.keyword === 'peers' && (keyword === 'server' || keyword === 'peer')) {
    const name = line.words[1];
    const { localPeer, instance } = machine.names;
    if (name !== undefined && name.text === localPeer && localPeer !== instance) {
      edits.push({ start: name.start, end: name.end, text: instance });
      details.push('the local peer is called like the instance');
    }
  }
  if (machine.strangers.has(line)) {
    warnings.push(
      `no peer in it is called '${machine.names.localPeer}', so that HAProxy drops it: ` +
        'say which one is this machine, --local-peer NAME',
    );
  }
  if (keyword === 'parse-resolv-conf') {
    warnings.push('reads /etc/resolv.conf of the container, which may name no server');
  }
  if (keyword === 'option' && words[1] === 'transparent') {
    warnings.push('nothing redirects connections to the instance: it has their original target');
  }
  if (words.slice(1, 4).includes('set-mark')) {
    warnings.push('marking packets needs rights that an instance has not: HAProxy passes over it');
  }
  const takesSource = ['server', 'default-server', 'server-template', 'source'].includes(keyword);
  if (!takesSource) return { edits, warnings, refusal: null, details, isGone: false };
  const namespace = words.indexOf('namespace', keyword === 'server' ? 3 : 1);
  if (namespace > 0) return refuse(namespace, 'network namespaces are of this machine');
  const source = words.indexOf('source', keyword === 'server' ? 3 : 0);
  const address = line.words[source + 1];
  if (source < 0 || address === undefined)
    return { edits, warnings, refusal: null, details, isGone: false };
  const usesrc = words.indexOf('usesrc', source);
  if (usesrc > 0) {
    const reason = 'taking the address of the client needs rights that an instance has not';
    return refuse(usesrc, reason);
  }
  const interfaceAt = words[source + 2] === 'interface' ? source + 2 : -1;
  const host = address.text.replace(/^ipv[46]@/, '').replace(/:[\d-]*$/, '');
  const own = canonicalAddress(host.replace(/^\[(.*)\]$/, '$1'));
  const isAny = own === '0.0.0.0' || own === '::' || host === '*' || host === '';
  const given = own === null ? null : machine.plan.given(own);
  if (given !== null || (isAny && interfaceAt < 0)) {
    if (given !== null && given !== own) {
      const port = address.text.slice(address.text.lastIndexOf(host) + host.length);
      const text = given.includes(':') ? `[${given}]${port}` : `${given}${port}`;
      edits.push({ start: address.start, end: address.end, text });
      details.push(`connections leave from ${given}`);
    }
    if (interfaceAt > 0) {
      edits.push(withoutWords(line, interfaceAt, 2));
      details.push('the instance has one interface');
    }
    return { edits, warnings, refusal: null, details, isGone: false };
  }
  details.push("connections leave from the instance's own address");
  if (source === 0) return { edits, warnings, refusal: null, details, isGone: true };
  edits.push(withoutWords(line, source, interfaceAt > 0 ? 4 : 2));
  return { edits, warnings, refusal: null, details, isGone: false };
}

/** The path of a unix socket in an address; null for any other address. */
export function socketPath(address: string): string | null {
  return /^(?:unix@)?(\/.*)$/.exec(address)?.[1] ?? null;
}

/** What lets HAProxy start without the address of a server that is named. */
const startLate = 'init-addr last,libc,none';

// A server is what can do without; a name in any other place stops HAProxy.
function startsLate(text: string, line: ConfigLine, machine: Machine): boolean {
  const keyword = line.words[0]?.text ?? '';
  if (keyword !== 'server' && keyword !== 'server-template') return false;
  if (!['backend', 'listen'].includes(line.section?.keyword ?? '')) return false;
  return nameIn(text) !== null && !isLate(line, machine);
}

function isLate({ words, section }: ConfigLine, machine: Machine): boolean {
  return (
    words.some(({ text }) => lateWords.has(text)) ||
    (section !== null && machine.lateSections.has(section))
  );
}

/** The host name in an address of a service elsewhere; null where there is none. */
function nameIn(text: string): string | null {
  if (/^(?:stdout$|stderr$|global$|localhost\b)/.test(text)) return null;
  const address = parseBindAddress(text, 'stream');
  return address.kind === 'unclear' && /^[\w-][\w.-]*$/.test(address.host) ? address.host : null;
}

function targetWarning(text: string, line: ConfigLine, machine: Machine): string | null {
  const keyword = line.words[0]?.text ?? '';
  // `log 127.0.0.1` and `log /dev/log` are decided before, by what is about the machine.
  const path = keyword === 'log' ? null : socketPath(text);
  if (path !== null) return `socket ${path} of this machine is not in the container`;
  const address = parseBindAddress(text, 'stream');
  const port = /:(\d+)$/.exec(text)?.[1] ?? '';
  if (keyword !== 'log' && (address.kind === 'local' || /^localhost\b/.test(text))) {
    if (/^(?:abnsz?|fd|sockpair)@/.test(text) || machine.loopbackPorts.has(port)) return null;
    return 'loopback is the instance itself now: give an address that it reaches the service by';
  }
  const name = nameIn(text);
  if (name === null || isLate(line, machine)) return null;
  return startsLate(text, line, machine)
    ? `'${name}' is looked up once, when HAProxy starts, by the DNS of the container: add ` +
        "'resolvers NAME', with a section of that name, or give the address"
    : `'${name}' is looked up when HAProxy is checked and started, and where nobody knows it ` +
        'HAProxy refuses the line: give the address';
}
