import { type ConfigLine, readConfig } from './config-lines.ts';
import { disabledSections } from './disabled-sections.ts';

/** Name of the peer that Bridgehead adds. It has a dot, which no instance's name has. */
const migrationPeer = 'bridgehead.migration';
const folderInContainer = '/run/haproxy';
const socketPattern = /^unix@\/run\/haproxy\/(peers-\d+\.sock)$/;

/** A peers section whose stick tables move along with their instance. */
export interface SyncedSection {
  /** Name of the section. */
  readonly name: string;
  /** File in the run folder of the instance where its HAProxy looks for the other peer. */
  readonly socket: string;
}

/**
 * The lines that give HAProxy a second peer: itself on another host, reached over a unix socket on
 * which the agent listens while the instance migrates. Nobody listens there at other times, so that
 * HAProxy's attempt to connect, one in 5 seconds, ends at once. The local peer keeps its name and
 * HAProxy is who connects on both hosts, so that the configuration is the same on both.
 *
 * @returns by the number of the line that each comes behind: the one that names the local peer, so
 * that a condition holds for both. Sections that no stick table uses have none, and neither have
 * those without a local peer, which HAProxy drops.
 */
export function migrationPeers(
  lines: readonly ConfigLine[],
  instance: string,
): ReadonlyMap<number, string> {
  const used = usedSections(lines);
  const disabled = disabledSections(lines);
  const added = new Map<number, string>();
  const headers = lines.filter(({ isHeader, section }) => isHeader && section?.keyword === 'peers');
  for (const [index, header] of headers.entries()) {
    const section = header.section;
    if (section === null || !used.has(section.name) || disabled.has(section.line)) continue;
    const own = lines.filter((line) => line.section === section);
    const local = own.find((line) => isLocalPeer(line, instance));
    if (local === undefined) continue;
    const indent = /^\s*/.exec(local.text)?.[0] ?? '';
    const address = `unix@${folderInContainer}/peers-${index + 1}.sock`;
    const words = ['server', migrationPeer, address, ...plainTransport(own)];
    added.set(local.number, `${indent}${words.join(' ')}`);
  }
  return added;
}

/** The sections with such a peer in a rendered configuration, in their order. */
export function syncedSections(rendered: string): readonly SyncedSection[] {
  // A word that stands nowhere needs no reading of lines to be missed.
  if (!rendered.includes(migrationPeer)) return [];
  return readConfig(rendered).flatMap(({ section, words }) => {
    if (section?.keyword !== 'peers' || words[1]?.text !== migrationPeer) return [];
    const socket = socketPattern.exec(words[2]?.text ?? '')?.[1];
    return socket === undefined ? [] : [{ name: section.name, socket }];
  });
}

function usedSections(lines: readonly ConfigLine[]): ReadonlySet<string> {
  return new Set(
    lines.flatMap(({ section, words }) => {
      const texts = words.map(({ text }) => text);
      if (section?.keyword === 'peers') return texts[0] === 'table' ? [section.name] : [];
      const at = texts[0] === 'stick-table' ? texts.indexOf('peers') : -1;
      return at < 0 ? [] : [texts[at + 1] ?? ''];
    }),
  );
}

function isLocalPeer({ words, isHeader }: ConfigLine, instance: string): boolean {
  const [keyword, name] = words;
  if (isHeader || name === undefined) return false;
  if (keyword?.text !== 'peer' && keyword?.text !== 'server') return false;
  return name.expands ? /^\$\{?HAPROXY_LOCALPEER\}?$/.test(name.text) : name.text === instance;
}

// The agent at the other end of the socket speaks the protocol bare, whatever the others speak.
function plainTransport(section: readonly ConfigLine[]): readonly string[] {
  const defaults = section
    .filter(({ words }) => words[0]?.text === 'default-server')
    .flatMap(({ words }) => words.map(({ text }) => text));
  const negations = { ssl: 'no-ssl', 'send-proxy': 'no-send-proxy' };
  return Object.entries(negations).flatMap(([word, negation]) =>
    defaults.includes(word) ? [negation] : [],
  );
}
