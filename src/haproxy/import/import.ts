import { canonicalAddress } from '../../domain/address.ts';
import { readConfig } from '../config-lines.ts';
import { AddressPlan, type AddressWish, type AddressWishes } from './addresses.ts';
import { AttachedFiles, type FoundFiles, type ImportedAttachment } from './attached-files.ts';
import { renderImported } from './check.ts';
import { compose, type LineReport } from './compose.ts';
import { Environment } from './environment.ts';
import {
  type ImportFile,
  refusal,
  type SourceLine,
  type SpecFields,
  type Verdict,
} from './fate.ts';
import {
  type CertificateNote,
  type FoundCertificates,
  type ImportedCertificate,
  nameCertificates,
} from './fleet-certificates.ts';
import { lateSections } from './late-names.ts';
import { verdictByItself, verdictInPlace } from './line-verdict.ts';
import { loopbackPorts, placeListeners } from './listener-lines.ts';
import { type Listener, listenerOf } from './listeners.ts';

/** What {@link importConfig} is told beside the files. */
export interface ImportOptions extends AddressWishes {
  /** Name of the instance; null for the one that `node` of the configuration gives, or `fallback`. */
  readonly name: string | null;
  readonly fallbackName: string;
  /** What the machine is called among its peers, unless `localpeer` says so. */
  readonly localPeer: string;
  /** Environment variables that HAProxy ran with, which the configuration will set itself. */
  readonly environment: Readonly<Record<string, string>>;
  /** Error pages by the paths that the configuration has for them, as far as they are there. */
  readonly pages: ReadonlyMap<string, string>;
  /** Other files that it has HAProxy read, as far as they are there; left out for none. */
  readonly files?: FoundFiles | undefined;
  /** Its certificates, as far as they are there; left out for none. */
  readonly certificates?: FoundCertificates | undefined;
}

export interface ImportedConfig {
  readonly name: string;
  readonly maxConnections: number | null;
  readonly notes: string;
  readonly addresses: readonly AddressWish[];
  /** What it brings along, in the order in which the lines name them. */
  readonly attachments: readonly ImportedAttachment[];
  /** What the fleet has to have of certificates, in the order in which the lines name them. */
  readonly certificates: readonly ImportedCertificate[];
  /** The configuration for the spec. A refused line is a comment in it. */
  readonly config: string;
  readonly lines: readonly LineReport[];
  /** What is wrong with the whole, not with one line. */
  readonly problems: readonly string[];
  /** For each line of `config` the number of its report in `lines`; null for comments and what was added. */
  readonly origins: readonly (number | null)[];
}

/** Longest configuration that a spec holds, characters. */
const configLengthMax = 1024 * 1024;
/** Each section of peers is held against all lines. */
const sectionsMax = 4_096;
const roundsMax = 4;

/**
 * Turns the configuration of a single machine into that of an instance: what is about the machine
 * is left out, addresses become the instance's, and everything else stays as it is. Never throws;
 * every line that is no comment has a report of what became of it.
 */
export function importConfig(files: readonly ImportFile[], options: ImportOptions): ImportedConfig {
  const named = nameCertificates(
    files.flatMap((file) =>
      readConfig(file.text).map((line): SourceLine => ({ file, line: withoutReturn(line) })),
    ),
    options.files ?? new Map(),
    options.certificates ?? new Map(),
  );
  const { sources } = named;
  const verdicts = new Map<number, Verdict>();
  const attached = new AttachedFiles(named.files);
  const environment = new Environment(options.environment);
  const localPeer = localPeerOf(sources) ?? options.localPeer;
  const listeners: Listener[] = [];
  const headers = sources.flatMap(({ line }, index) => (line.isHeader ? [index] : []));
  const isTooMany = (index: number) => index >= (headers[sectionsMax] ?? Infinity);
  for (const [index, source] of sources.entries()) {
    if (source.line.words.length === 0) continue;
    environment.read(source.line);
    const verdict = isTooMany(index)
      ? tooManySections
      : (named.faults.get(index) ?? verdictByItself(source, options.pages, attached));
    if (verdict !== null) verdicts.set(index, verdict);
    else {
      const listener = listenerOf(source.line, index, localPeer, environment);
      if (listener !== null) listeners.push(listener);
    }
  }
  const sets = fieldsOf(verdicts);
  const name = options.name ?? nameFrom(sets.node) ?? options.fallbackName;
  const plan = new AddressPlan(listeners, options);
  const names = { localPeer, instance: name };
  const { verdicts: placed, sockets } = placeListeners(listeners, plan, names);
  for (const [index, verdict] of placed) verdicts.set(index, verdict);
  const machine = {
    names,
    strangers: strangersOf(sources, localPeer),
    plan,
    loopbackPorts: loopbackPorts(listeners),
    sockets,
    lateSections: lateSections(sources.map(({ line }) => line)),
  };
  for (const [index, { line }] of sources.entries()) {
    if (line.words.length === 0 || verdicts.has(index)) continue;
    verdicts.set(index, verdictInPlace(line, machine, environment));
  }
  for (const [index, note] of named.notes) {
    const verdict = verdicts.get(index);
    if (verdict !== undefined) verdicts.set(index, withNote(verdict, note));
  }
  refuseLinesOfRefusedSections(sources, verdicts);
  const added = environmentLines(options.environment);
  const addresses = plan.wishes();
  const problems = settle({
    ...{ sources, verdicts, added, name, addresses, listeners },
    attachments: attached.all,
  });
  const whole = compose(sources, verdicts, added);
  if (whole.config.length > configLengthMax)
    problems.push(
      `the configuration has over ${configLengthMax} characters, more than a spec takes`,
    );
  return {
    name,
    maxConnections: sets.maxConnections ?? null,
    notes: sets.notes ?? '',
    addresses,
    attachments: attached.all,
    certificates: named.certificates,
    problems,
    ...whole,
  };
}

const tooManySections = refusal(`more than ${sectionsMax} sections: split the configuration`, 1);

// What is in other words already stays so, and what is not there needs no certificate.
function withNote(verdict: Verdict, { detail, warnings }: CertificateNote): Verdict {
  if (verdict.fate !== 'kept' && verdict.fate !== 'changed') return verdict;
  return {
    ...verdict,
    fate: detail === '' ? verdict.fate : 'changed',
    detail: [verdict.detail, detail].filter((text) => text !== '').join('; '),
    warnings: [...verdict.warnings, ...warnings],
  };
}

function withoutReturn(line: SourceLine['line']): SourceLine['line'] {
  return line.text.endsWith('\r') ? { ...line, text: line.text.slice(0, -1) } : line;
}

function localPeerOf(sources: readonly SourceLine[]): string | null {
  const found = sources.find(
    ({ line }) => line.section?.keyword === 'global' && line.words[0]?.text === 'localpeer',
  );
  return found?.line.words[1]?.text ?? null;
}

/** Headers of peers sections in which no peer is the machine. */
function strangersOf(
  sources: readonly SourceLine[],
  localPeer: string,
): ReadonlySet<SourceLine['line']> {
  const headers = new Map<object, SourceLine['line']>();
  for (const { line } of sources) {
    if (line.section?.keyword !== 'peers') continue;
    if (line.isHeader) headers.set(line.section, line);
    const [keyword, name] = line.words;
    const isPeer = keyword?.text === 'peer' || keyword?.text === 'server';
    if (isPeer && (name?.text === localPeer || name?.expands === true))
      headers.delete(line.section);
  }
  return new Set(headers.values());
}

function fieldsOf(verdicts: ReadonlyMap<number, Verdict>): SpecFields {
  let all: SpecFields = {};
  // HAProxy goes by the first of several maxconn, and by the last of the others.
  for (const { sets } of verdicts.values()) {
    all = { ...all, ...sets, maxConnections: all.maxConnections ?? sets?.maxConnections };
  }
  return all;
}

/** The text as a name of an instance, or null where too little of it is left. */
export function nameFrom(text: string | undefined): string | null {
  const name = (text ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return name === '' ? null : name;
}

// Left to themselves they would belong to the section before.
function refuseLinesOfRefusedSections(
  sources: readonly SourceLine[],
  verdicts: Map<number, Verdict>,
): void {
  let isRefused = false;
  let file: ImportFile | null = null;
  for (const [index, source] of sources.entries()) {
    if (source.file !== file) isRefused = false;
    file = source.file;
    const verdict = verdicts.get(index);
    if (verdict === undefined) continue;
    if (source.line.isHeader) isRefused = verdict.fate === 'refused';
    else if (isRefused && verdict.fate !== 'refused') {
      const detail = 'its section is refused';
      verdicts.set(index, { ...verdict, fate: 'refused', detail, texts: [], sets: undefined });
    }
  }
}

function environmentLines(environment: Readonly<Record<string, string>>): readonly string[] {
  const lines = Object.entries(environment).map(
    ([name, value]) => `    presetenv ${name} '${value.replaceAll("'", String.raw`'\''`)}'`,
  );
  return lines.length === 0 ? [] : ['global', ...lines];
}

/** What to do where all that listens is inside of the instance; null where nothing listens at all. */
function unheard(listeners: readonly Listener[]): string | null {
  const parts = listeners.filter(({ isPeer }) => !isPeer).flatMap((listener) => listener.parts);
  const host = parts.map(({ text }) => /^\[?([\d.]+|[\da-f:]+?)\]?:[\d-]+$/.exec(text)?.[1]);
  const loopback = host.find((one) => one !== undefined && canonicalAddress(one) !== null);
  if (loopback === undefined) return null;
  return (
    'nothing listens on the addresses of the instance, only on its loopback: give it one with ' +
    `--address ${loopback}=ADDRESS`
  );
}

interface Draft {
  readonly sources: readonly SourceLine[];
  readonly verdicts: Map<number, Verdict>;
  readonly added: readonly string[];
  readonly name: string;
  readonly addresses: readonly AddressWish[];
  readonly listeners: readonly Listener[];
  readonly attachments: readonly ImportedAttachment[];
}

/** Refuses what the rendering of an instance would refuse, and gives what is left of that. */
function settle({ sources, verdicts, added, listeners, ...rest }: Draft): string[] {
  for (let round = 1; ; round += 1) {
    const { config, sourceIndexes } = compose(sources, verdicts, added);
    if (config.length > configLengthMax) return [];
    const { findings } = renderImported({ ...rest, config });
    const problems: string[] = [];
    let isChanged = false;
    for (const { line, column, message } of findings) {
      const index = sourceIndexes[line - 1] ?? null;
      const before = index === null ? undefined : verdicts.get(index);
      if (index === null || before === undefined || message.startsWith('nothing listens')) {
        problems.push(message);
      } else if (before.fate !== 'refused') {
        verdicts.set(index, { ...before, fate: 'refused', detail: message, column, texts: [] });
        isChanged = true;
      }
    }
    if (!isChanged || round === roundsMax) {
      const hasRefusedBind = listeners.some(({ index }) => verdicts.get(index)?.fate === 'refused');
      return [...new Set(problems)]
        .filter((problem) => !hasRefusedBind || !problem.startsWith('nothing listens'))
        .map(
          (problem) =>
            (problem.startsWith('nothing listens') ? unheard(listeners) : null) ?? problem,
        );
    }
    refuseLinesOfRefusedSections(sources, verdicts);
  }
}
