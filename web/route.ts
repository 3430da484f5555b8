import { Cell } from './cell.ts';

/** Where in the page we are: `#/hosts/host-1?x=y` is `['hosts', 'host-1']` and its query. */
export interface Route {
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
}

export const route = new Cell<Route>(read());

globalThis.addEventListener('hashchange', () => {
  route.value = read();
});

/** The address of a place in the page. */
export function linkTo(...parts: readonly (string | number)[]): string {
  return `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}

/** Changes the query of where we are, without a step back for each letter that is typed. */
export function setQuery(changes: Readonly<Record<string, string>>): void {
  const { parts, query } = route.value;
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === '') next.delete(name);
    else next.set(name, value);
  }
  const text = next.size === 0 ? '' : `?${next}`;
  history.replaceState(null, '', `${linkTo(...parts)}${text}`);
  route.value = { parts, query: next };
}

function read(): Route {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter((part) => part !== '');
  return { parts: parts.map(decoded), query: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
