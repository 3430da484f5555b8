import type { PoolName } from '../../domain/ids.ts';
import type { ServiceAddress } from '../../domain/model.ts';
import { parseCheckOutput } from '../check-output.ts';
import { readConfig } from '../config-lines.ts';
import { locateFinding } from '../locate.ts';
import { type RenderedConfig, renderConfig } from '../render.ts';
import { AddressPlan, type AddressWish, type AddressWishes } from './addresses.ts';
import { Environment } from './environment.ts';
import type { Fate, ImportFile, SourceLine, SpecFields, Verdict } from './fate.ts';
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
}

/** What became of one line that says something; comments and blank lines have no report. */
export interface LineReport {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1: of the word that decided. */
  readonly column: number;
  readonly text: string;
  readonly fate: Fate;
  readonly detail: string;
  readonly warnings: readonly string[];
  /** Lines of the new configuration that stand for it, from 1. */
  readonly now: readonly number[];
}

export interface ImportedConfig {
  readonly name: string;
  readonly maxConnections: number | null;
  readonly notes: string;
  readonly addresses: readonly AddressWish[];
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
  const sources = files.flatMap((file) =>
    readConfig(file.text).map((line): SourceLine => ({ file, line: withoutReturn(line) })),
  );
  const verdicts = new Map<number, Verdict>();
  const environment = new Environment(options.environment);
  const localPeer = localPeerOf(sources) ?? options.localPeer;
  const listeners: Listener[] = [];
  const headers = sources.flatMap(({ line }, index) => (line.isHeader ? [index] : []));
  const isTooMany = (index: number) => index >= (headers[sectionsMax] ?? Infinity);
  for (const [index, source] of sources.entries()) {
    if (source.line.words.length === 0) continue;
    environment.read(source.line);
    const verdict = isTooMany(index) ? tooManySections : verdictByItself(source);
    if (verdict !== null) verdicts.set(index, verdict);
    else {
      const listener = listenerOf(source.line, index, localPeer, environment);
      if (listener !== null) listeners.push(listener);
    }
  }
  const sets = fieldsOf(verdicts);
  const name = options.name ?? nameFrom(sets.node) ?? options.fallbackName;
  const plan = new AddressPlan(listeners, options);
  const { verdicts: placed, sockets } = placeListeners(listeners, plan, {
    localPeer,
    instance: name,
  });
  for (const [index, verdict] of placed) verdicts.set(index, verdict);
  const machine = { plan, loopbackPorts: loopbackPorts(listeners), sockets };
  for (const [index, { line }] of sources.entries()) {
    if (line.words.length === 0 || verdicts.has(index)) continue;
    verdicts.set(index, verdictInPlace(line, machine, environment));
  }
  refuseLinesOfRefusedSections(sources, verdicts);
  const added = environmentLines(options.environment);
  const addresses = plan.wishes();
  const problems = settle({ sources, verdicts, added, name, addresses });
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
    problems,
    ...whole,
  };
}

const tooManySections: Verdict = {
  fate: 'refused',
  detail: `more than ${sectionsMax} sections: split the configuration`,
  column: 1,
  texts: [],
  warnings: [],
};

function withoutReturn(line: SourceLine['line']): SourceLine['line'] {
  return line.text.endsWith('\r') ? { ...line, text: line.text.slice(0, -1) } : line;
}

function localPeerOf(sources: readonly SourceLine[]): string | null {
  const found = sources.find(
    ({ line }) => line.section?.keyword === 'global' && line.words[0]?.text === 'localpeer',
  );
  return found?.line.words[1]?.text ?? null;
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

interface Draft {
  readonly sources: readonly SourceLine[];
  readonly verdicts: Map<number, Verdict>;
  readonly added: readonly string[];
  readonly name: string;
  readonly addresses: readonly AddressWish[];
}

/** Refuses what the rendering of an instance would refuse, and gives what is left of that. */
function settle({ sources, verdicts, added, name, addresses }: Draft): string[] {
  for (let round = 1; ; round += 1) {
    const { config, sourceIndexes } = compose(sources, verdicts, added);
    if (config.length > configLengthMax) return [];
    const { findings } = renderImported({ name, config, addresses });
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
    if (!isChanged || round === roundsMax) return [...new Set(problems)];
    refuseLinesOfRefusedSections(sources, verdicts);
  }
}

/**
 * What the instance's HAProxy would read, with addresses of the blocks for documentation where the
 * pool is to choose.
 */
export function renderImported(
  imported: Pick<ImportedConfig, 'name' | 'config' | 'addresses'>,
): RenderedConfig {
  const resources = { memoryMib: 128, cpus: 1, maxConnections: 2_000 };
  const { name, config } = imported;
  return renderConfig({ name, config, addresses: standIns(imported.addresses), resources });
}

/** Something that HAProxy itself says of an imported configuration. */
export interface ImportFinding {
  readonly severity: 'alert' | 'warning';
  /** Null, as are line and column, where it is about what Bridgehead adds. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** What `haproxy -c` printed of the rendered text, each finding at its line in the files. */
export function importFindings(
  imported: ImportedConfig,
  rendered: RenderedConfig,
  output: string,
  path: string,
): readonly ImportFinding[] {
  return parseCheckOutput(output, path).map((check) => {
    const at = locateFinding(check, rendered, imported.config);
    const report = imported.lines[imported.origins[at.line - 1] ?? -1];
    return {
      severity: check.severity,
      file: report?.file ?? null,
      line: report?.line ?? null,
      column: report === undefined ? null : report.fate === 'kept' ? at.column : report.column,
      message: at.message,
    };
  });
}

// Addresses of the blocks for documentation (RFC 5737, RFC 3849) where the pool chooses.
function standIns(wishes: readonly AddressWish[]): readonly ServiceAddress[] {
  return wishes.map(({ pool, family, address }, index) => {
    const free = family === 6 ? `2001:db8::${index + 1}` : `192.0.2.${index + 1}`;
    return {
      address: address ?? free,
      family,
      pool: pool as PoolName,
      prefix: family === 6 ? 64 : 24,
      gateway: null,
      bridge: 'br0',
      vlan: null,
    };
  });
}

function compose(
  sources: readonly SourceLine[],
  verdicts: ReadonlyMap<number, Verdict>,
  added: readonly string[],
) {
  const out: { text: string; index: number | null }[] = added.map((text) => ({
    text,
    index: null,
  }));
  const lines: LineReport[] = [];
  const reportOf = new Map<number, number>();
  let file: ImportFile | null = null;
  const areMany = new Set(sources.map((source) => source.file)).size > 1;
  for (const [index, source] of sources.entries()) {
    if (areMany && source.file !== file)
      out.push({ text: `# From ${source.file.name.replace(/[^\x20-\x7e]/g, '?')}`, index: null });
    file = source.file;
    const verdict = verdicts.get(index);
    const { text } = source.line;
    if (verdict === undefined) {
      out.push({ text: text.replaceAll('\0', ' '), index: null });
      continue;
    }
    const texts =
      verdict.fate === 'refused' ? [`# REFUSED: ${text.replaceAll('\0', ' ')}`] : verdict.texts;
    const first = out.length + 1;
    for (const each of texts) out.push({ text: each, index });
    reportOf.set(index, lines.length);
    lines.push({
      file: source.file.name,
      line: source.line.number,
      column: verdict.column,
      text,
      fate: verdict.fate,
      detail: verdict.detail,
      warnings: verdict.warnings,
      now: texts.map((_, offset) => first + offset),
    });
  }
  while (out.length > 0 && out.at(-1)?.text.trim() === '') out.pop();
  return {
    config: `${out.map(({ text }) => text).join('\n')}\n`,
    lines,
    sourceIndexes: out.map(({ index }) => index),
    origins: out.map(({ index }) => (index === null ? null : (reportOf.get(index) ?? null))),
  };
}
