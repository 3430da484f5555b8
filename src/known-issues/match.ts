import { plainFunction } from '../crash/frame.ts';
import type { CrashReport } from '../crash/report.ts';
import type { KnownIssue, Signature } from './entry.ts';
import { matches } from './pattern.ts';

/** An entry that a report or a line fits. */
export interface Match {
  readonly issue: KnownIssue;
  readonly certainty: 'likely' | 'possible';
  /** What of the report fitted, in words. */
  readonly because: readonly string[];
}

/** Entries that a report fits, bugs first, then symptoms; the surest first. */
export function matchReport(issues: readonly KnownIssue[], report: CrashReport): readonly Match[] {
  const found: Match[] = [];
  for (const issue of issues) {
    const fitting = issue.signatures.flatMap((signature) => {
      const because = becauseOf(signature, report);
      return because === null ? [] : [{ certainty: signature.certainty ?? 'likely', because }];
    });
    const best = fitting.find(({ certainty }) => certainty === 'likely') ?? fitting[0];
    if (best !== undefined) found.push({ issue, ...best });
  }
  return found.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ issue, certainty }: Match): number {
  const kinds = { bug: 0, symptom: 10, noise: 20 };
  return kinds[issue.kind] + (certainty === 'likely' ? 0 : 1);
}

/** Entries whose pattern of one line is in the line. */
export function matchLine(issues: readonly KnownIssue[], line: string): readonly KnownIssue[] {
  return issues.filter(({ signatures }) =>
    signatures.some((signature) => signature.line !== undefined && matches(signature.line, line)),
  );
}

function becauseOf(signature: Signature, report: CrashReport): readonly string[] | null {
  const because: string[] = [];
  if (signature.line !== undefined) {
    const { line } = signature;
    return report.lines.some((text) => matches(line, text)) ? [`a line like "${line}"`] : null;
  }
  if (signature.kinds !== undefined) {
    if (!signature.kinds.includes(report.kind)) return null;
    because.push(report.kind);
  }
  if (signature.functions !== undefined) {
    if (report.function === null || !signature.functions.includes(report.function)) return null;
    because.push(`in ${report.function}`);
  }
  if (signature.modules !== undefined) {
    if (report.module === null || !signature.modules.includes(report.module)) return null;
    because.push(`of module ${report.module}`);
  }
  if (signature.frames !== undefined) {
    const called = calledIn(report);
    if (!signature.frames.every((name) => called.has(name))) return null;
    because.push(`called by way of ${signature.frames.join(', ')}`);
  }
  if (signature.title !== undefined) {
    if (!matches(signature.title, report.title)) return null;
    because.push(`titled "${signature.title}"`);
  }
  for (const message of signature.messages ?? []) {
    if (!report.lines.some((text) => matches(message, text))) return null;
    because.push(`a line like "${message}"`);
  }
  return because.length === 0 ? null : because;
}

const pointer = /^\s*(?:RIP|EIP|IP|PC|pc|NIP|epc)\b.{0,80}?\b([A-Za-z_][\w.$]{0,127})\+0x/;

/** Every function that the report names: in its traces, at fault, or where the pointer stood. */
function calledIn(report: CrashReport): ReadonlySet<string> {
  const called = new Set(report.frames.map((frame) => frame.function));
  if (report.function !== null) called.add(report.function);
  for (const line of report.lines) {
    const at = pointer.exec(line)?.[1];
    if (at !== undefined) called.add(plainFunction(at));
  }
  return called;
}
