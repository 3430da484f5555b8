import { createHash } from 'node:crypto';
import type { PoolName } from '../../domain/ids.ts';
import type { ServiceAddress } from '../../domain/model.ts';
import { parseCheckOutput } from '../check-output.ts';
import { withListedCertificates } from '../crt-list.ts';
import { locateFinding } from '../locate.ts';
import { type RenderedConfig, renderConfig } from '../render.ts';
import type { AddressWish } from './addresses.ts';
import type { ImportedConfig } from './import.ts';

/**
 * What the instance's HAProxy would read, with addresses of the blocks for documentation where the
 * pool is to choose.
 */
export function renderImported(
  imported: Pick<ImportedConfig, 'name' | 'config' | 'addresses' | 'attachments'>,
): RenderedConfig {
  const resources = { memoryMib: 128, cpus: 1, maxConnections: 2_000 };
  const { name, config } = imported;
  const contents = new Map(imported.attachments.map((one) => [one.name, one.content]));
  const plain = imported.attachments.map((one) => ({
    ...{ name: one.name, path: one.path, sizeBytes: one.content.length },
    sha256: createHash('sha256').update(one.content).digest('hex'),
  }));
  const attachments = withListedCertificates(config, plain, (one) => contents.get(one.name));
  const addresses = standIns(imported.addresses);
  return renderConfig({ name, config, addresses, resources, attachments });
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
