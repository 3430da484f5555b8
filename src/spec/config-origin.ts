// Where an HAProxy configuration stands inside of a spec, so that what is wrong with it can be shown
// at the line and column of the file that its owner edits.

import { isScalar, type Node } from 'yaml';
import type { Finding } from '../domain/errors.ts';
import type { InstanceName } from '../domain/ids.ts';
import type { ParsedSpec } from './spec.ts';
import type { Position } from './yaml-reader.ts';

export interface ConfigOrigin {
  /** Line of the text on which the configuration's first line stands. */
  readonly line: number;
  /** Columns of the text before the first column of that line. */
  readonly indent: number;
  /** The finding in the configuration as one in the text. */
  toYaml(finding: Finding): Finding;
}

/**
 * Where the text of a config node stands.
 *
 * @param textLines lines of the whole text
 * @param start where the node stands in it
 * @returns what to do instead where the way it is written loses the configuration's own lines
 */
export function configOriginOf(
  node: Node | null,
  text: string,
  textLines: readonly string[],
  start: Position,
): ConfigOrigin | string {
  if (!isScalar(node) || typeof node.value !== 'string') return "'config' must be text";
  const advice = "write 'config: |' with the configuration indented below, so that its lines stay";
  if (node.type === 'BLOCK_FOLDED') return `a folded block ('>') joins lines: ${advice}`;
  if (node.type === 'BLOCK_LITERAL') return literalOrigin(node.value, textLines, start.line + 1);
  const raw = text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0);
  if (raw.includes('\n')) return `text over several lines joins them: ${advice}`;
  return quotedOrigin(raw, start);
}

/** The findings in an instance's configuration as findings in the spec's text. */
export function configFindings(
  parsed: Pick<ParsedSpec, 'configOrigin'>,
  instance: InstanceName,
  findings: readonly Finding[],
): readonly Finding[] {
  const origin = parsed.configOrigin(instance);
  return findings.map((finding) => ({
    ...(origin?.toYaml(finding) ?? finding),
    object: `instance ${instance}`,
  }));
}

// A literal block keeps its lines, all behind the same indentation: the block's first line that is
// not empty tells how deep. Its empty lines may be shorter.
function literalOrigin(value: string, textLines: readonly string[], line: number): ConfigOrigin {
  const lines = value.split('\n');
  const index = lines.findIndex((one) => one !== '');
  const content = lines[index] ?? '';
  const source = (textLines[line - 1 + index] ?? '').replace(/\r$/, '');
  const indent = source.endsWith(content) ? source.length - content.length : 0;
  return {
    line,
    indent,
    toYaml: (finding) => ({
      ...finding,
      line: line + finding.line - 1,
      column: indent + finding.column,
    }),
  };
}

// All of the configuration's lines are on one line of the text: walk over it, one character of the
// configuration at a time, up to the line and column that are looked for.
function quotedOrigin(raw: string, start: Position): ConfigOrigin {
  const quote = raw.startsWith('"') || raw.startsWith("'") ? raw.charAt(0) : '';
  const indent = start.column - 1 + quote.length;
  const pattern =
    quote === '"' ? /\\(?:x.{2}|u.{4}|U.{8}|.)|[^\\]/gsu : quote === "'" ? /''|[^']/gsu : /./gsu;
  const units = raw.slice(quote.length, raw.length - quote.length).match(pattern) ?? [];
  return {
    line: start.line,
    indent,
    toYaml: (finding) => {
      let [line, column, offset] = [1, 1, 0];
      for (const unit of units) {
        if (line > finding.line || (line === finding.line && column >= finding.column)) break;
        const breaks = quote === '"' && (unit === '\\n' || /^\\(?:x0a|u000a)$/i.test(unit));
        column = breaks ? 1 : column + decodedLength(unit);
        if (breaks) line += 1;
        offset += unit.length;
      }
      return { ...finding, line: start.line, column: indent + offset + 1 };
    },
  };
}

function decodedLength(unit: string): number {
  const isEscape = unit.startsWith('\\') && unit.length > 1;
  if (unit.startsWith('\\U')) return Number.parseInt(unit.slice(2), 16) > 0xffff ? 2 : 1;
  return isEscape || unit === "''" ? 1 : unit.length;
}
