import type { ConfigLine } from '../config-lines.ts';
import type { AttachedFiles } from './attached-files.ts';
import type { Environment } from './environment.ts';
import { errorPagePath, writtenOut } from './error-page.ts';
import { edited, type SourceLine, type Verdict } from './fate.ts';
import { certificatePurpose, fileReferences } from './file-references.ts';
import { machineLocal } from './machine-local.ts';
import { oldKeyword } from './old-keywords.ts';
import { type Machine, reachOf } from './reach.ts';

/** Above this many open files of a process a host's own limit may be in the way. */
const filesAreSure = 16_384;

/** What can be said of a line by itself; null where it may be taken. */
export function verdictByItself(
  { file, line }: SourceLine,
  pages: ReadonlyMap<string, string>,
  attached: AttachedFiles,
): Verdict | null {
  const first = line.words[0];
  const refuse = (detail: string, column = (first?.start ?? 0) + 1) =>
    verdict('refused', detail, column, []);
  const nul = line.text.indexOf('\0');
  if (nul >= 0) return refuse('a NUL character, where HAProxy stops reading the line', nul + 1);
  if (file.encoding === 'latin1' && line.words.some(({ text }) => /[^\0-\x7f]/.test(text)))
    return refuse('not in UTF-8: a spec holds no other text');
  const directive = first?.text.startsWith('.') === true;
  if (line.section === null && !directive) {
    return refuse(
      'stands before the first section: each file begins with one, such as global or defaults',
    );
  }
  if (line.section?.keyword === 'program')
    return refuse("an instance's container runs HAProxy alone: run the program elsewhere");
  if (line.section?.keyword === 'namespace_list')
    return refuse('network namespaces are of this machine');
  if (directive) return null;
  if (line.section?.keyword === 'global' && first?.expands === true)
    return refuse('a keyword of global must be written out, not taken from the environment');
  const local = machineLocal(line);
  if (local !== null) {
    const warnings: string[] = [];
    if (line.isConditional && local.fate === 'moved') warnings.push('it stood under a condition');
    const connections = local.sets?.maxConnections ?? 0;
    if (connections > filesAreSure / 2) {
      const files = connections * 2;
      warnings.push(
        `a host has to let a container open ${files} files, and HAProxy will not start on others`,
      );
    }
    const column = (first?.start ?? 0) + 1;
    return { ...verdict(local.fate, local.detail, column, []), warnings, sets: local.sets };
  }
  const old = oldKeyword(line);
  if (old?.kind === 'refuse') return refuse(old.detail);
  if (old?.kind === 'rewrite') {
    return verdict('changed', old.detail, (first?.start ?? 0) + 1, [old.text]);
  }
  if (old?.kind === 'drop') return verdict('managed', old.detail, (first?.start ?? 0) + 1, []);
  if (isExternalCheck(line)) return refuse('a program of this machine is not in the container');
  const page = pages.get(errorPagePath(line) ?? '');
  const written = page === undefined ? null : writtenOut(line, page);
  if (written !== null) {
    return verdict('changed', 'the page stands in the configuration', (first?.start ?? 0) + 1, [
      written,
    ]);
  }
  for (const reference of fileReferences(line)) {
    // These have names instead of paths by now.
    if (reference.purpose === certificatePurpose) continue;
    const fault = attached.take(reference);
    if (fault !== null) return refuse(fault, reference.word.start + 1);
  }
  return null;
}

/** The verdict on a line that does not listen, once it is known where the others do. */
export function verdictInPlace(
  line: ConfigLine,
  machine: Machine,
  environment: Environment,
): Verdict {
  const column = (line.words[0]?.start ?? 0) + 1;
  const unknown = line.words.flatMap((word) => environment.unknown(word));
  const unset = [...new Set(unknown)].map(
    (name) =>
      `$${name} is not set in the container, so that HAProxy reads nothing: --env ${name}=VALUE`,
  );
  const reach = reachOf(line, machine);
  if (reach.refusal !== null) {
    const at = (line.words[reach.refusal.at]?.start ?? 0) + 1;
    return verdict('refused', reach.refusal.reason, at, []);
  }
  const warnings = [...unset, ...reach.warnings];
  const detail = reach.details.join('; ');
  if (reach.isGone) return { ...verdict('managed', detail, column, []), warnings };
  if (reach.edits.length === 0) return { ...verdict('kept', '', column, [line.text]), warnings };
  const text = edited(line.text, reach.edits);
  return { ...verdict('changed', detail, column, [text]), warnings };
}

function isExternalCheck(line: ConfigLine): boolean {
  const words = line.words.map(({ text }) => text);
  return words[0] === 'external-check' || (words[0] === 'option' && words[1] === 'external-check');
}

function verdict(
  fate: Verdict['fate'],
  detail: string,
  column: number,
  texts: readonly string[],
): Verdict {
  return { fate, detail, column, texts, warnings: [] };
}
