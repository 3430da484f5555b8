import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writeStandIns } from '../../agent/stand-ins.ts';
import { BridgeheadError } from '../../domain/errors.ts';
import { namePattern } from '../../domain/ids.ts';
import { attachmentFolder } from '../../haproxy/attachments.ts';
import { certificateFolder } from '../../haproxy/certificates.ts';
import { type ImportFinding, importFindings, renderImported } from '../../haproxy/import/check.ts';
import { type ImportedConfig, importConfig, nameFrom } from '../../haproxy/import/import.ts';
import { runCommand } from '../../system/command.ts';
import { readAttachedFiles } from '../import-attachments.ts';
import { readCertificates } from '../import-certificates.ts';
import { readErrorPages, readImportFiles } from '../import-files.ts';
import { addressesOf, environmentOf, poolsOf } from '../import-options.ts';
import { reportText, summaryText } from '../import-report.ts';
import { specOf, specYaml } from '../import-spec.ts';
import type { Session } from '../session.ts';
import { paintFor } from '../terminal.ts';

export interface ImportVerbOptions {
  /** Files and folders, `-` for standard input. */
  readonly paths: readonly string[];
  readonly name: string | undefined;
  readonly owner: string;
  readonly service: string | undefined;
  readonly image: string;
  readonly pools: readonly string[];
  readonly pools6: readonly string[];
  readonly addresses: readonly string[];
  readonly variables: readonly string[];
  readonly localPeer: string | undefined;
  readonly isKeeping: boolean;
  readonly isMerging: boolean;
  /** Folder with a copy of the machine's files; undefined for this machine's own. */
  readonly root: string | undefined;
  /** Gives a spec though lines are refused. */
  readonly isPartial: boolean;
  /** Asks the HAProxy of this machine. */
  readonly isChecking: boolean;
  /** Where the spec goes; undefined for standard output. */
  readonly write: string | undefined;
}

const checkTimeoutMs = 20_000;

/**
 * Turns the configuration of a HAProxy into a spec, with a report of what became of each line.
 *
 * @throws BridgeheadError CONFIG_REFUSED where something cannot be taken
 */
export async function importHaproxy(session: Session, options: ImportVerbOptions): Promise<void> {
  const { terminal, format } = session;
  const { name } = options;
  if (name !== undefined && !namePattern.test(name)) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `--name ${name} is no name of an instance`,
      'Give lower-case letters, digits and dashes, 63 at most.',
    );
  }
  const wishes = {
    pools: [...poolsOf(options.pools, 4), ...poolsOf(options.pools6, 6)],
    mapped: addressesOf(options.addresses),
    environment: environmentOf(options.variables),
  };
  const files = await readImportFiles(options.paths, () => terminal.input());
  const root = options.root ?? null;
  const attachedFiles = await readAttachedFiles(files, root);
  const imported = importConfig(files, {
    ...wishes,
    pages: await readErrorPages(files),
    files: attachedFiles,
    certificates: await readCertificates(files, attachedFiles, root),
    name: name ?? null,
    fallbackName: nameFrom(basename(options.paths[0] ?? '').replace(/\.\w+$/, '')) ?? 'haproxy',
    isKeeping: options.isKeeping,
    isMerging: options.isMerging,
    localPeer: options.localPeer ?? hostname(),
  });
  const findings = options.isChecking ? await ask(imported) : [];
  const refused = imported.lines.filter(({ fate }) => fate === 'refused');
  const alerts = findings.filter(({ severity }) => severity === 'alert');
  const isWhole = refused.length + imported.problems.length + alerts.length === 0;
  const spec = isWhole || options.isPartial ? specOf(imported, options) : null;
  if (format === 'table') {
    const target = options.write === undefined ? 'err' : 'out';
    const columns = target === 'err' ? Number.POSITIVE_INFINITY : session.columns;
    const report = reportText(
      imported,
      findings,
      options.owner,
      paintFor(terminal, target),
      columns,
    );
    terminal[target](`${report}\n`);
  } else {
    const { lines, problems, certificates } = imported;
    const attached = imported.attachments.map(({ name, path, content }) => ({
      ...{ name, path, sizeBytes: content.length },
    }));
    await session.print({ spec, lines, attached, certificates, problems, findings }, () => '');
  }
  if (spec !== null) {
    const text = `# Imported: ${summaryText(imported)}\n${specYaml(spec)}`;
    if (options.write !== undefined) await writeSpec(options.write, text);
    else if (format === 'table') terminal.out(text);
  }
  if (isWhole || (options.isPartial && imported.problems.length + alerts.length === 0)) return;
  const count = refused.length;
  throw new BridgeheadError(
    'CONFIG_REFUSED',
    count > 0
      ? `${count} line${count === 1 ? '' : 's'} of ${options.paths.join(', ')} cannot be taken`
      : `${options.paths.join(', ')} cannot be taken: ${imported.problems[0] ?? alerts[0]?.message}`,
    count > 0 && !options.isPartial
      ? 'Change them as the report says; or --partial, which leaves them as comments in the spec.'
      : 'Change what the report names, and import it again.',
    {
      findings: refused
        .slice(0, 200)
        .map(({ line, column, detail, file }) => ({ line, column, message: detail, object: file })),
    },
  );
}

async function ask(imported: ImportedConfig): Promise<readonly ImportFinding[]> {
  const rendered = renderImported(imported);
  const folder = await mkdtemp(join(tmpdir(), 'bridgehead-import-'));
  try {
    const path = join(folder, 'haproxy.cfg');
    const attachments = join(folder, 'attachments');
    await mkdir(attachments);
    for (const { name, content } of imported.attachments)
      await writeFile(join(attachments, name), content);
    const certificates = join(folder, 'certificates');
    await writeStandIns(certificates, rendered.text);
    // They are here, and not where the container has them.
    const text = rendered.text
      .replaceAll(attachmentFolder, attachments)
      .replaceAll(certificateFolder, certificates);
    await writeFile(path, text, { mode: 0o600 });
    // Without the variables of this shell, which no container has.
    const env = { PATH: process.env['PATH'] };
    const command = ['haproxy', '-c', '-f', path] as const;
    const { code, stdout, stderr } = await runCommand([...command], {
      env,
      timeoutMs: checkTimeoutMs,
    });
    const output = (stderr + stdout)
      .replaceAll(attachments, attachmentFolder)
      .replaceAll(certificates, certificateFolder);
    const findings = importFindings(imported, rendered, output, path);
    if (code === 0 || findings.some(({ severity }) => severity === 'alert')) return findings;
    const message = `haproxy -c ended with ${code}`;
    return [...findings, { severity: 'alert', file: null, line: null, column: null, message }];
  } catch (cause) {
    throw new BridgeheadError(
      'PREREQUISITE_MISSING',
      `HAProxy cannot check the configuration: ${(cause as Error).message}`,
      'Install haproxy here, or leave out --check: a fleet checks each spec when it is applied.',
      { cause },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeSpec(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600 });
  } catch (error) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${path} cannot be written: ${(error as Error).message}`,
      'Check the path given with --write.',
    );
  }
}
