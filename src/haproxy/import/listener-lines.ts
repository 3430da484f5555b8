import type { BindAddress } from '../bind-address.ts';
import type { AddressPlan } from './addresses.ts';
import { type Claim, type Collision, collisionOf } from './collisions.ts';
import { type Edit, edited, refusal, type Verdict, withoutWords } from './fate.ts';
import type { Listener } from './listeners.ts';
import { socketPath } from './reach.ts';

// Rights and numbers that a bind has on a machine that is shared, each with how many words it is.
const machineOptions: ReadonlyMap<string, { readonly count: number; readonly why: string }> =
  new Map([
    ['gid', { count: 2, why: 'the socket is HAProxy’s own' }],
    ['group', { count: 2, why: 'the socket is HAProxy’s own' }],
    ['interface', { count: 2, why: 'the instance has one interface' }],
    ['process', { count: 2, why: 'an instance is one process' }],
    ['thread', { count: 2, why: 'resources.cpus rules the threads' }],
    ['uid', { count: 2, why: 'the socket is HAProxy’s own' }],
    ['user', { count: 2, why: 'the socket is HAProxy’s own' }],
  ]);

const refusedOptions: ReadonlyMap<string, string> = new Map([
  ['namespace', 'network namespaces are of this machine'],
  ['transparent', 'listening on foreign addresses needs rights that an instance has not'],
]);

/** What {@link placeListeners} finds for each listener, by the number of its line. */
export interface PlacedListeners {
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** New paths of unix sockets that the configuration listens on. */
  readonly sockets: ReadonlyMap<string, string>;
}

/** Most words with an address that are looked at; each is held against all others. */
const partsMax = 2_048;

/** Rewrites the lines that listen, so that they listen in the instance. */
export function placeListeners(
  listeners: readonly Listener[],
  plan: AddressPlan,
  names: { readonly localPeer: string; readonly instance: string },
): PlacedListeners {
  const verdicts = new Map<number, Verdict>();
  const placed: { listener: Listener; texts: string[]; lack: string | undefined }[] = [];
  const claims: Claim[] = [];
  const refuse = (listener: Listener, detail: string, column = listener.word.start + 1) =>
    verdicts.set(listener.index, refusal(detail, column));
  let parts = 0;
  for (const listener of listeners) {
    parts += listener.parts.length;
    const option = optionRefusal(listener);
    if (parts > partsMax) {
      refuse(listener, `more than ${partsMax} addresses are listened on`);
    } else if (option !== null) {
      refuse(listener, option.detail, option.column);
    } else if (!listener.isKnown) {
      refuse(listener, 'its address has an environment variable: give --env NAME=VALUE');
    } else {
      const reasons: string[] = [];
      const own: Claim[] = [];
      let lack: string | undefined;
      const texts = listener.parts.flatMap((part) => {
        const place = inherited(part.text) ?? plan.place(listener, part);
        if (place.kind === 'refused') return reasons.push(place.reason) > 0 ? [] : [];
        lack ??= place.lack;
        own.push({ listener, was: part.address, now: place.address });
        return [place.text];
      });
      const [reason] = reasons;
      if (reason !== undefined) refuse(listener, reason);
      else {
        claims.push(...own);
        placed.push({ listener, texts, lack });
      }
    }
  }
  const families = new Set(([4, 6] as const).filter((family) => plan.has(family)));
  const sockets = new Map<string, string>();
  for (const { listener, texts, lack } of placed) {
    const own = claims.filter((claim) => claim.listener === listener);
    const collisions = own.flatMap((claim) => collisionOf(claim, claims, families) ?? []);
    const bad = collisions.find(({ isCovered }) => !isCovered);
    if (bad !== undefined) {
      refuse(listener, collisionText(bad));
    } else if (collisions.length > 0 && collisions.length === own.length) {
      const detail = `line ${collisions[0]?.with.line.number} listens there for the instance`;
      verdicts.set(listener.index, {
        ...refusal(detail, listener.word.start + 1),
        fate: 'managed',
      });
    } else if (lack !== undefined) {
      refuse(listener, lack);
    } else {
      const moved = texts.map((text) => socketIn(text, sockets));
      verdicts.set(listener.index, rewritten(listener, moved, names));
    }
  }
  return { verdicts, sockets };
}

/** Ports on which the configuration listens on loopback. */
export function loopbackPorts(listeners: readonly Listener[]): ReadonlySet<string> {
  const local = listeners
    .flatMap(({ parts }) => parts)
    .filter(({ address, text }) => isLoopback(address, text));
  return new Set(local.map(({ text }) => /:(\d+)$/.exec(text)?.[1] ?? ''));
}

function isLoopback(address: BindAddress, text: string): boolean {
  if (address.kind === 'unclear') return address.host === 'localhost';
  return address.kind === 'local' && !text.startsWith('/') && !/^\w+@\D/.test(text);
}

function inherited(text: string) {
  if (!/^(?:fd|sockpair)@/.test(text)) return null;
  const reason = 'there is no process that hands a socket to an instance: bind to an address';
  return { kind: 'refused', reason } as const;
}

// The agent's own sockets are in the same folder, so that the owner's have a name apart.
function socketIn(text: string, sockets: Map<string, string>): string {
  const path = socketPath(text);
  if (path === null) return text;
  const base = path.split('/').at(-1) ?? '';
  const name = base.replace(/[^\w.-]/g, '_').replace(/^own-/, '');
  const taken = new Set(sockets.values());
  let found = sockets.get(path) ?? `/run/haproxy/own-${name}`;
  for (let more = 2; !sockets.has(path) && taken.has(found); more += 1) {
    found = `/run/haproxy/own-${more}-${name}`;
  }
  sockets.set(path, found);
  return found;
}

function optionRefusal({ line, word }: Listener) {
  const at = line.words.findIndex(
    ({ start, text }, index) =>
      start > word.start && refusedOptions.has(text) && !isValue(line, index),
  );
  const found = line.words[at];
  if (found === undefined) return null;
  return { detail: refusedOptions.get(found.text) ?? '', column: found.start + 1 };
}

// A listener may be called like an option.
function isValue(line: Listener['line'], index: number): boolean {
  return line.words[index - 1]?.text === 'name';
}

function collisionText({ with: other }: Collision): string {
  return (
    `on one address it would take the port of line ${other.line.number}: keep the addresses ` +
    'apart with --address OLD=NEW or --keep-addresses'
  );
}

function rewritten(
  listener: Listener,
  texts: readonly string[],
  names: { readonly localPeer: string; readonly instance: string },
): Verdict {
  const { line, word } = listener;
  const address = [...new Set(texts)].join(',');
  const details: string[] = [];
  const edits: Edit[] = [];
  if (address !== listener.parts.map(({ text }) => text).join(',') || word.expands) {
    edits.push({ start: word.start, end: word.end, text: address });
    if (!listener.isHeader) details.push(`listens on ${address}`);
  }
  for (const [index, option] of line.words.entries()) {
    const isOption = option.start > word.start && !isValue(line, index);
    const known = isOption ? machineOptions.get(option.text) : undefined;
    if (known === undefined) continue;
    edits.push(withoutWords(line, index, known.count));
    details.push(`without '${option.text}': ${known.why}`);
  }
  const warnings: string[] = [];
  if (listener.isPeer) {
    warnings.push("the other peers have to be told the instance's name and address");
    const name = line.words[1];
    if (name !== undefined && (name.expands || name.text !== names.instance)) {
      edits.push({ start: name.start, end: name.end, text: names.instance });
      details.push('the local peer is called like the instance');
    }
  }
  const base = { column: word.start + 1, warnings };
  if (listener.isHeader) {
    const header = line.text.slice(0, line.words[1]?.end ?? 0);
    const bind = edited(line.text, edits).slice(edited(header, []).length).trim();
    const detail = ['the address stands on a bind line of its own', ...details].join('; ');
    return { ...base, fate: 'changed', detail, texts: [header, `    bind ${bind}`] };
  }
  const text = edited(line.text, edits);
  if (edits.length === 0) return { ...base, fate: 'kept', detail: '', texts: [line.text] };
  return { ...base, fate: 'changed', detail: details.join('; '), texts: [text] };
}
