import { stringify } from 'yaml';
import type { ImportedAttachment } from '../haproxy/import/attached-files.ts';
import type { ImportedConfig } from '../haproxy/import/import.ts';

/** What an instance is beside its configuration. */
export interface InstanceWords {
  readonly owner: string;
  readonly service: string | undefined;
  readonly image: string;
}

/** The spec, as the fields of its YAML, with the imported instance alone. */
export function specOf(imported: ImportedConfig, words: InstanceWords) {
  const { name, notes, maxConnections } = imported;
  return {
    apiVersion: 'bridgehead/v1',
    instances: [
      {
        name,
        owner: words.owner,
        service: words.service ?? name,
        // The most that a spec takes.
        ...(notes === '' ? {} : { notes: notes.slice(0, 16_384) }),
        image: words.image,
        addresses: imported.addresses.map(({ pool, address }) =>
          address === null ? { pool } : { pool, address },
        ),
        ...(maxConnections === null ? {} : { resources: { maxConnections } }),
        config: imported.config,
        ...(imported.attachments.length === 0
          ? {}
          : { attachments: Object.fromEntries(imported.attachments.map(attachmentOf)) }),
      },
    ],
  };
}

// As text where an editor shows all of it, else in Base64.
function attachmentOf({ name, path, content }: ImportedAttachment) {
  const called = path === name ? {} : { path };
  const bytes = Buffer.from(content);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes) && /^[^\p{Cc}\ufeff]*$/u.test(plain(text));
  const what = isText ? { text } : { base64: bytes.toString('base64') };
  return [name, { ...called, ...what }] as const;
}

function plain(text: string): string {
  return text.replace(/[\t\r\n]/g, '');
}

/**
 * The spec as YAML, the configuration as a block of its own lines. Where a character rules that out
 * it stands in quotes on one line: broken over several, yaml 2.9.1 loses blanks.
 */
export function specYaml(spec: ReturnType<typeof specOf>): string {
  return stringify(spec, {
    lineWidth: 0,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  });
}
