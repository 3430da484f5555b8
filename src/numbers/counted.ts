import type { CountedKind } from './fields.ts';

/** What a row of numbers is about. `server` is empty but for a server. */
export interface Counted {
  readonly kind: CountedKind;
  readonly proxy: string;
  readonly server: string;
}

/** A thing's name in one word: `process`, `frontend/web`, `server/api/s1`. No name has a slash. */
export function keyOf({ kind, proxy, server }: Counted): string {
  return [kind, proxy, server].filter((part) => part !== '').join('/');
}

/** What {@link keyOf} named; null for what it cannot have made. */
export function countedOf(key: string): Counted | null {
  const [kind, proxy = '', server = '', ...more] = key.split('/');
  if (more.length > 0) return null;
  if (kind === 'process') return { kind, proxy: '', server: '' };
  if ((kind === 'frontend' || kind === 'backend') && server === '') return { kind, proxy, server };
  return kind === 'server' && server !== '' ? { kind, proxy, server } : null;
}

/** Things one reading has at most; of a larger one servers are left out. */
export const countedMax = 500;
