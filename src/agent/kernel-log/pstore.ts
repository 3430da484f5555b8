import { createHash } from 'node:crypto';
import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type KernelRecord, kernelRecordsMax } from '../../protocol/kernel-frames.ts';
import type { MachineFiles } from '../machine.ts';
import type { KernelSender } from './kernel-sender.ts';

const sentFile = 'pstore-sent.json';
const filesMax = 256;
const fileBytesMax = 1024 * 1024;
const linesMax = 20_000;
const lineMax = 8_192;
/** Parts of one dump are written at once. */
const sameDumpMs = 60_000;
/** A dump is of a boot whose beginning and the dump's last stamp give its time to within this. */
const slackMs = 600_000;
const hashLength = 8;

const sentFiles = z.object({
  files: z.array(z.object({ name: z.string(), mtimeMs: z.number(), hash: z.string() })),
});

/** A file of pstore, as pstore names it: `dmesg-efi-...`, `dmesg-ramoops-0`. */
export interface PstoreFile {
  readonly name: string;
  /** When the kernel wrote it, wall clock. */
  readonly mtimeMs: number;
  readonly text: string;
}

/** What a kernel left of its messages when it died, or of an oops. */
export interface PstoreDump {
  /** Such as `Panic-1`. */
  readonly name: string;
  readonly mtimeMs: number;
  /** In the order in which they were said. */
  readonly lines: readonly string[];
}

/** A boot that a dump may be of. */
export interface KnownStart {
  readonly boot: string;
  /** Wall clock. */
  readonly bootedMs: number;
}

/**
 * Puts dumps together from their files. Each begins with a line such as `Panic#1 Part2`; part 1 is
 * the newest text, since the kernel writes the end first (pstore_dump in fs/pstore/platform.c).
 */
export function dumpsOf(files: readonly PstoreFile[]): readonly PstoreDump[] {
  const parts = files.map((file) => {
    const head = /^([A-Za-z][\w ]{0,30})#(\d{1,6}) Part(\d{1,6})\n/.exec(file.text);
    const name = head === null ? file.name : `${head[1]}-${head[2]}`;
    const body = file.text.slice(head?.[0].length ?? 0);
    return { name: name.replace(/[^\w.-]/g, '_'), part: Number(head?.[3] ?? 1), body, file };
  });
  const dumps: (typeof parts)[] = [];
  for (const part of parts.toSorted((a, b) => a.file.mtimeMs - b.file.mtimeMs)) {
    const own = dumps.find(
      ([first]) =>
        first?.name === part.name && part.file.mtimeMs - first.file.mtimeMs <= sameDumpMs,
    );
    if (own === undefined) dumps.push([part]);
    else own.push(part);
  }
  return dumps.map((own) => ({
    name: own[0]?.name ?? '',
    mtimeMs: Math.max(...own.map(({ file }) => file.mtimeMs)),
    lines: own
      .toSorted((a, b) => b.part - a.part)
      .flatMap(({ body }) => body.split('\n'))
      .filter((line) => line.trim() !== '')
      .slice(-linesMax)
      .map((line) => line.slice(0, lineMax)),
  }));
}

/** Id of the boot that a dump is of; '' where it is none of these. */
export function bootOfDump(dump: PstoreDump, starts: readonly KnownStart[]): string {
  const last = stampMs(dump.lines.findLast((line) => stampMs(line) !== null) ?? '');
  if (last === null) return '';
  const fits = starts.find(({ bootedMs }) => Math.abs(bootedMs + last - dump.mtimeMs) <= slackMs);
  return fits?.boot ?? '';
}

export interface PstoreParts {
  /** Where pstore is mounted: `/sys/fs/pstore`. */
  readonly folder: string;
  /** Removes what has been acknowledged; else it stays, and is remembered. */
  readonly isRemoving: boolean;
  readonly starts: readonly KnownStart[];
  readonly sender: Pick<KernelSender, 'deliver'>;
  readonly files: Pick<MachineFiles, 'readFile' | 'replaceFile'>;
  readonly log: (message: string, details?: Readonly<Record<string, unknown>>) => void;
}

/**
 * Sends what earlier boots have left in pstore, each file once. What is compressed cannot be read
 * and is left alone: a message says so.
 */
export async function sendPstore(parts: PstoreParts, signal: AbortSignal): Promise<void> {
  const { folder, files, sender, log } = parts;
  const sent = await readSent(files);
  const found = await readFolder(folder);
  const isKnown = ({ name, mtimeMs, text }: PstoreFile) =>
    sent.some((one) => one.name === name && one.mtimeMs === mtimeMs && one.hash === hashOf(text));
  const fresh = found.filter((file) => !isKnown(file));
  if (fresh.length > 0) {
    const isClosed = ({ name }: PstoreFile) => name.endsWith('.z');
    const open = fresh.filter((file) => !isClosed(file));
    for (const dump of dumpsOf(open)) {
      const boot = bootOfDump(dump, parts.starts);
      const source = `pstore/${dump.name.slice(0, 40)}-${hashOf(dump.lines.join('\n'))}`;
      await deliverAll(sender, { boot, source, records: recordsOf(dump) }, signal);
      log('sent what a kernel has left in pstore', { dump: dump.name, boot });
    }
    const closed = fresh.filter(isClosed).map(({ name }) => ({
      ...{ sequence: null, saidMs: null },
      text: `<44>bridgehead: ${name} in the host's pstore is compressed and was left alone; read it there`,
    }));
    await deliverAll(sender, { boot: '', source: 'pstore/left-alone', records: closed }, signal);
  }
  const kept = found.map(({ name, mtimeMs, text }) => ({ name, mtimeMs, hash: hashOf(text) }));
  await files.replaceFile(sentFile, JSON.stringify({ files: kept }));
  if (!parts.isRemoving) return;
  for (const { name } of found.filter((file) => !file.name.endsWith('.z'))) {
    await unlink(join(folder, name));
  }
}

async function deliverAll(
  sender: Pick<KernelSender, 'deliver'>,
  { boot, source, records }: Parameters<KernelSender['deliver']>[0],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < records.length; at += kernelRecordsMax) {
    const some = records.slice(at, at + kernelRecordsMax);
    await sender.deliver({ boot, source, records: some }, signal);
  }
}

// By the host's clock: the last line was written when the file was.
function recordsOf({ lines, mtimeMs }: PstoreDump): readonly KernelRecord[] {
  const last = stampMs(lines.findLast((line) => stampMs(line) !== null) ?? '');
  let saidMs = mtimeMs;
  return lines.map((text, sequence) => {
    const stamp = stampMs(text);
    if (stamp !== null && last !== null) saidMs = mtimeMs - (last - stamp);
    return { sequence, saidMs, text };
  });
}

function stampMs(line: string): number | null {
  const found = /^(?:<\d{1,3}>)?\[ *(\d{1,10}\.\d{6})\]/.exec(line);
  return found === null ? null : Number(found[1]) * 1_000;
}

async function readSent(files: Pick<MachineFiles, 'readFile'>) {
  const text = await files.readFile(sentFile);
  try {
    return text === null ? [] : sentFiles.parse(JSON.parse(text)).files;
  } catch {
    return [];
  }
}

/** @returns nothing where there is no such folder */
async function readFolder(folder: string): Promise<readonly PstoreFile[]> {
  const names = await readdir(folder).catch(() => []);
  const found: PstoreFile[] = [];
  for (const name of names.filter((one) => one.startsWith('dmesg-')).toSorted()) {
    if (found.length >= filesMax) break;
    const path = join(folder, name);
    const { mtimeMs, size } = await stat(path);
    if (size > fileBytesMax) continue;
    found.push({ name, mtimeMs, text: await readFile(path, 'latin1') });
  }
  return found;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength);
}
