import type { ConfigLine } from './config-lines.ts';
import type { Word } from './tokenize.ts';

/** What a `server` line says first: whose it is, as `backend/server`, and its address; null for any other line. */
export function serverLine({
  section,
  words: [keyword, name, address],
}: ConfigLine): { readonly server: string; readonly address: Word } | null {
  if (keyword?.text !== 'server' || section === null) return null;
  if (name === undefined || address === undefined) return null;
  return { server: `${section.name}/${name.text}`, address };
}
