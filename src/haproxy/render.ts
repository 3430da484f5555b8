import type { Finding } from '../domain/errors.ts';
import type { Attachment, Resources, ServiceAddress } from '../domain/model.ts';
import { modulePathLines, resolveReferences } from './attachment-references.ts';
import { attachmentLines } from './attachments.ts';
import { findBinds, type ResolvedBind, resolveBinds } from './binds.ts';
import { certificateFolder, certificateLines, certificateReferences } from './certificates.ts';
import { configHashOf, descriptionLine } from './config-hash.ts';
import { type ConfigLine, readConfig } from './config-lines.ts';
import { idleConnectionLines } from './idle-connections.ts';
import { managedFindings, managedGlobal } from './managed.ts';
import { migrationPeers } from './migration-peers.ts';

export { configHashOf, hashInDescription } from './config-hash.ts';

/** What {@link renderConfig} makes of an instance's configuration. */
export interface RenderedConfig {
  /** What HAProxy reads. Not to be used where there are findings. */
  readonly text: string;
  /** See {@link configHashOf}: also what a HAProxy that runs this text reports of itself. */
  readonly configHash: string;
  /**
   * For each line of `text` the line of the owner's configuration it comes from, counted from 1;
   * null for managed lines.
   */
  readonly sourceLines: readonly (number | null)[];
  /** What the owner has to change first, with lines and columns of their configuration. */
  readonly findings: readonly Finding[];
}

export interface RenderInput {
  /** Name of the instance. */
  readonly name: string;
  /** HAProxy configuration as its owner wrote it. */
  readonly config: string;
  /** Addresses that the instance holds, in order. */
  readonly addresses: readonly ServiceAddress[];
  readonly resources: Resources;
  readonly attachments?: readonly Attachment[] | undefined;
}

/**
 * Makes the configuration that an instance's HAProxy reads: a managed `global` section, then the
 * owner's lines in their order, untouched but for binds to a wildcard, which become one bind for
 * each address of the instance, names of attachments ({@link resolveReferences}), and a managed line
 * in peers sections ({@link migrationPeers}) and in those that listen for HTTP
 * ({@link idleConnectionLines}). The head names what is in each attachment, so that the hash covers
 * that too.
 * Never fails: what is wrong is in `findings`.
 */
export function renderConfig(input: RenderInput): RenderedConfig {
  const lines = readConfig(input.config);
  const { resolved, findings } = resolveBinds(findBinds(lines, input.name), input.addresses);
  const rewritten = new Map(
    resolved.filter((one) => one.isRewritten).map((one) => [one.bind.line.number, one]),
  );
  const added = new Map([...migrationPeers(lines, input.name), ...idleConnectionLines(lines)]);
  const { attachments = [] } = input;
  const references = resolveReferences(lines, attachments);
  const body = lines.flatMap((line) => {
    const bind = rewritten.get(line.number);
    const written = references.texts.get(line.number) ?? line.text;
    const texts = bind === undefined ? [written] : expandBind(bind, written);
    const own = texts.map((text) => ({ text, source: line.number as number | null }));
    const extra = added.get(line.number);
    return extra === undefined ? own : [...own, { text: extra, source: null }];
  });
  const certificates = certificateReferences(lines, attachments).map(({ name }) => name);
  const base = certificates.length === 0 ? [] : [`    crt-base ${certificateFolder}`];
  const head = [
    `# Managed by Bridgehead: instance ${input.name}. Its owner's configuration follows.`,
    ...attachmentLines(attachments),
    ...certificateLines(certificates),
    'global',
  ];
  const managed = [
    ...managedGlobal(input.name, input.resources, lines, modulePathLines(attachments)),
    ...base,
    '',
  ];
  const join = (description: readonly string[]) =>
    `${[...head, ...description, ...managed, ...body.map(({ text }) => text)].join('\n')}\n`;
  const configHash = configHashOf(join([]));
  return {
    text: join([descriptionLine(configHash)]),
    configHash,
    sourceLines: [
      ...Array<null>(head.length + 1 + managed.length).fill(null),
      ...body.map(({ source }) => source),
    ],
    findings: [
      ...nulFindings(lines),
      ...managedFindings(lines),
      ...references.findings,
      ...findings,
      ...missingBind(lines, resolved, findings),
    ].toSorted((a, b) => a.line - b.line || a.column - b.column),
  };
}

// `written` is the line with what stands behind its address as HAProxy is to read it.
function expandBind({ bind, targets }: ResolvedBind, written: string): readonly string[] {
  const before = written.slice(0, bind.word.start);
  const behind = written.slice(bind.word.end);
  return targets.map((target) => `${before}${target.text}${behind}`);
}

// HAProxy reads lines as C strings, so that whatever follows a NUL would silently be lost.
function nulFindings(lines: readonly ConfigLine[]): readonly Finding[] {
  return lines.flatMap(({ number, text }) => {
    const at = text.indexOf('\0');
    const message = 'the line holds a NUL character, where HAProxy stops reading it: remove it';
    return at < 0 ? [] : [{ line: number, column: at + 1, message }];
  });
}

function missingBind(
  lines: readonly ConfigLine[],
  resolved: readonly ResolvedBind[],
  findings: readonly Finding[],
): readonly Finding[] {
  const answers = resolved.some(
    ({ bind, targets }) => !bind.isSingle && targets.some(({ address }) => address !== null),
  );
  if (answers || findings.length > 0) return [];
  const header = lines.find(
    ({ isHeader, section }) =>
      isHeader && (section?.keyword === 'frontend' || section?.keyword === 'listen'),
  );
  const message =
    header === undefined
      ? "nothing listens on the addresses of the instance: add a frontend with 'bind :80' or so"
      : "nothing listens on the addresses of the instance: add 'bind :80' or so to this section";
  return [{ line: header?.number ?? 1, column: (header?.words[0]?.start ?? 0) + 1, message }];
}
