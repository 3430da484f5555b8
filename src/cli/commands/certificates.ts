import { readFile } from 'node:fs/promises';
import { BridgeheadError } from '../../domain/errors.ts';
import type { CertificateView } from '../../protocol/certificate-views.ts';
import { pemParts } from '../../trust/pem-parts.ts';
import { durationText, momentText } from '../duration.ts';
import type { Session } from '../session.ts';
import { tableText } from '../table.ts';

const soonMs = 30 * 86_400_000;

export async function addCertificate(
  session: Session,
  name: string,
  input: {
    readonly chainFile: string;
    /** Undefined where the key is in the same file, as HAProxy has it. */
    readonly keyFile: string | undefined;
    readonly owner: string | undefined;
  },
): Promise<void> {
  const whole = await readPem(input.chainFile);
  const { chain, key } =
    input.keyFile === undefined
      ? pemParts(whole)
      : { chain: whole, key: await readPem(input.keyFile) };
  if (input.keyFile === undefined && key === '') {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${input.chainFile} holds no private key`,
      'Say where it is: --key FILE.',
    );
  }
  const { owner } = input;
  const api = await session.connect();
  const view = await api.addCertificate(name, {
    ...{ chain, privateKey: key },
    ...(owner === undefined ? {} : { owner }),
  });
  await session.print(view, () => textOf(session, view));
}

export async function listCertificates(session: Session): Promise<void> {
  const items = await (await session.connect()).certificates();
  const sorted = items.toSorted((a, b) => a.notAfterMs - b.notAfterMs);
  const rows = sorted.map((one) => [
    one.name,
    one.owner || '-',
    one.names.join(' ') || '-',
    expiryText(session, one),
    one.usedBy.join(' ') || '-',
  ]);
  await session.print(sorted, () =>
    rows.length === 0
      ? 'no certificates'
      : tableText(['NAME', 'OWNER', 'FOR', 'EXPIRES', 'USED BY'], rows),
  );
}

export async function showCertificate(session: Session, name: string): Promise<void> {
  const view = await (await session.connect()).certificate(name);
  await session.print(view, () => textOf(session, view));
}

export async function removeCertificate(session: Session, name: string): Promise<void> {
  await (await session.connect()).removeCertificate(name);
  await session.print({ name }, () => `certificate ${name} is gone`);
}

export async function rotateSecrets(session: Session): Promise<void> {
  const view = await (await session.connect()).rotateSecrets();
  await session.print(view, () => `${view.secrets} secrets are sealed with a new key`);
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${path} cannot be read: ${(cause as Error).message}`,
      'Name files with PEM in them: --cert and --key.',
      { cause },
    );
  }
}

function textOf(session: Session, view: CertificateView): string {
  const lines: readonly (readonly [string, string])[] = [
    ['name', view.name],
    ['owner', view.owner || '-'],
    ['for', view.names.join(', ') || '-'],
    ['subject', view.subject],
    ['issuer', view.issuer],
    ['key', view.key],
    ['serial', view.serial],
    ['sha256', view.fingerprint],
    ['from', momentText(view.notBeforeMs)],
    ['expires', expiryText(session, view)],
    ['version', `${view.version}, by ${view.addedBy} at ${momentText(view.addedMs)}`],
    ['used by', view.usedBy.join(', ') || '-'],
  ];
  return lines.map(([word, text]) => `${word.padEnd(8)}  ${text}`).join('\n');
}

function expiryText(session: Session, { notAfterMs }: CertificateView): string {
  const leftMs = notAfterMs - session.terminal.clock.wallMs();
  if (leftMs <= 0) return session.paint('red', `expired ${durationText(-leftMs)} ago`);
  const text = `in ${durationText(leftMs)}`;
  return leftMs > soonMs ? text : session.paint('yellow', text);
}
