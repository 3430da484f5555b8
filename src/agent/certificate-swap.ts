// A certificate's new version in a running HAProxy: by its runtime API, without a reload.

import { X509Certificate } from 'node:crypto';

/** One command of the runtime API, and its answer. */
export type Ask = (command: string) => Promise<string>;

/** How a {@link swapCertificate} ended; `unused`: the configuration that runs does not have it. */
export type SwapEnd = 'same' | 'swapped' | 'unused';

/**
 * Brings the certificate that a running HAProxy knows as `path` to `pem`, and looks whether it shows it.
 *
 * @throws Error where HAProxy does not answer, or does not take it; the one before serves on
 */
export async function swapCertificate(ask: Ask, path: string, pem: string): Promise<SwapEnd> {
  const wanted = new X509Certificate(pem).fingerprint.replaceAll(':', '');
  const shown = fingerprintIn(await ask(`show ssl cert ${path}`));
  if (shown === null) return 'unused';
  if (shown === wanted) return 'same';
  // An empty line ends what is handed over.
  const set = await ask(`set ssl cert ${path} <<\n${pem.replaceAll(/\n{2,}/g, '\n').trim()}\n`);
  const commit = await ask(`commit ssl cert ${path}`);
  if (fingerprintIn(await ask(`show ssl cert ${path}`)) === wanted) return 'swapped';
  await ask(`abort ssl cert ${path}`);
  const said = `${set} ${commit}`.replaceAll(/\s+/g, ' ').trim().slice(0, 200);
  throw new Error(`HAProxy does not show ${path} as it was given to it: ${said}`);
}

/** SHA-1 of what serves, in the answer to `show ssl cert PATH`; null where there is no such thing. */
function fingerprintIn(shown: string): string | null {
  return /^SHA1 FingerPrint: ([0-9A-F]{40})$/m.exec(shown)?.[1] ?? null;
}
