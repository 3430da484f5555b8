import { useEffect, useRef, useState } from 'preact/hooks';
import { logOut, me } from './api.ts';
import { useCell } from './cell.ts';
import { fleet, isOpen } from './fleet.ts';
import { html } from './html.ts';
import { Finder } from './parts/finder.ts';
import { LinkState, StaleBanner } from './parts/link-state.ts';
import { linkTo, route } from './route.ts';
import { theme, turnTheme } from './theme.ts';
import { viewOf } from './views/all.ts';
import { Door } from './views/door.ts';

const places = [
  ['', 'Fleet'],
  ['operations', 'Operations'],
  ['incidents', 'Incidents'],
  ['crashes', 'Crashes'],
  ['logs', 'Logs'],
  ['pools', 'Pools'],
  ['capacity', 'What if'],
  ['access', 'Access'],
] as const;

/** What those have too who see no more than their own instances. */
const own: ReadonlySet<string> = new Set(['', 'operations', 'pools', 'access']);

/** Of which entry of the navigation a place is a part. */
const within: Readonly<Record<string, string>> = { hosts: '', instances: '' };

/** The page: what stands around each view, and the view. */
export function App() {
  const here = useCell(route);
  const who = useCell(me);
  const [isFinding, find] = useState(false);
  const main = useRef<HTMLElement>(null);
  const place = here.parts.join('/');
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping = (event.target as Element).matches('input, textarea, select');
      const isFind = event.key === 'k' && (event.ctrlKey || event.metaKey);
      if (!isFind && (event.key !== '/' || isTyping)) return;
      event.preventDefault();
      find(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  const isFirst = useRef(true);
  useEffect(() => {
    // A reader of the screen goes on at the new view's beginning, not where the old one was.
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [place]);
  if (who === undefined)
    return html`<${StaleBanner} /><main class="door"><h1>Bridgehead</h1><p class="empty">Asking the scheduler …</p></main>`;
  if (who === null) return html`<${Door} />`;
  const { title, view } = viewOf(here);
  document.title = `${title} · Bridgehead`;
  return html`
    <a class="skip" href="#main" onClick=${(event: Event) => {
      event.preventDefault();
      main.current?.focus();
    }}>Skip to the view</a>
    <header class="top">
      <a class="brand" href=${linkTo()}><${Bridge} /><span>Bridgehead</span></a>
      <${Places} current=${here.parts[0] ?? ''} />
      <div class="tools">
        <button class="find" onClick=${() => find(true)}>
          <span>Find</span><kbd>/</kbd>
        </button>
        <${LinkState} />
        <${ThemeButton} />
        <button class="plain" onClick=${() => void logOut()} title=${`${who.name}, ${who.role}`}>Log out</button>
      </div>
    </header>
    <${StaleBanner} />
    <main id="main" tabindex="-1" ref=${main} key=${place}>${view}</main>
    ${isFinding ? html`<${Finder} close=${() => find(false)} />` : null}
  `;
}

function Places({ current }: { readonly current: string }) {
  const open = useCell(fleet, (one) => one?.operations.filter(isOpen).length ?? 0);
  const at = within[current] ?? current;
  const isAll = useCell(me, (who) => who?.owners === null);
  return html`<nav aria-label="Views">
    ${places
      .filter(([path]) => isAll || own.has(path))
      .map(
        ([path, name]) => html`<a
        key=${path}
        href=${path === '' ? linkTo() : linkTo(path)}
        aria-current=${path === at ? 'page' : null}
      >${name}${
        path === 'operations' && open > 0
          ? html`<span class="count" aria-label=${`${open} open`}>${open}
        </span>`
          : null
      }</a>`,
      )}
  </nav>`;
}

function ThemeButton() {
  const now = useCell(theme);
  const words = { system: 'as the system', light: 'light', dark: 'dark' } as const;
  return html`<button
    class="icon"
    onClick=${turnTheme}
    aria-label=${`Colours: ${words[now]}. Change`}
    title=${`Colours: ${words[now]}`}
  >
    <svg viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.4" />
      ${
        now === 'light'
          ? null
          : html`<path
        d=${now === 'dark' ? 'M8 1.8a6.2 6.2 0 0 1 0 12.4a6.2 6.2 0 0 1 0-12.4' : 'M8 1.8a6.2 6.2 0 0 1 0 12.4z'} fill="currentColor" />`
      }
    </svg>
  </button>`;
}

function Bridge() {
  return html`<svg viewBox="0 0 32 32" aria-hidden="true">
    <path d="M3 22h26M8 22v-6a8 8 0 0 1 16 0v6M3 15.5h5m16 0h5" />
  </svg>`;
}
