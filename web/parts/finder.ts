import { useEffect, useRef, useState } from 'preact/hooks';
import { type Fleet, fleet } from '../fleet.ts';
import { html } from '../html.ts';
import { linkTo } from '../route.ts';
import { hostState, instanceState, Mark, type State } from './mark.ts';

const foundMax = 12;

interface Found {
  readonly kind: string;
  readonly name: string;
  readonly more: string;
  readonly state: State | null;
  readonly href: string;
}

/** Goes to a host, an instance or whoever has an address, by a few letters of it. */
export function Finder({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const found = fleet.value === null ? [] : findIn(fleet.value, text.trim().toLowerCase());
  useEffect(() => dialog.current?.showModal(), []);
  const go = (one: Found | undefined) => {
    if (one === undefined) return;
    location.hash = one.href;
    close();
  };
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Enter') go(found[at]);
    if (step === 0) return;
    event.preventDefault();
    setAt((last) => Math.max(0, Math.min(found.length - 1, last + step)));
  };
  return html`<dialog class="finder" ref=${dialog} onClose=${close} aria-label="Find"
    onClick=${(event: Event) => event.target === dialog.current && close()}>
    <input
      type="search"
      role="combobox"
      aria-expanded="true"
      aria-controls="found"
      aria-activedescendant=${found.length > 0 ? `found-${at}` : null}
      aria-label="Host, instance, address or owner"
      placeholder="Host, instance, address, owner"
      autofocus
      value=${text}
      onInput=${(event: Event) => {
        setText((event.target as HTMLInputElement).value);
        setAt(0);
      }}
      onKeyDown=${onKey}
    />
    <ul id="found" role="listbox" aria-label="Found">
      ${found.map(
        (one, index) => html`<li
          key=${one.href}
          id=${`found-${index}`}
          role="option"
          aria-selected=${index === at}
          onClick=${() => go(one)}
        >
          ${one.state === null ? null : html`<${Mark} state=${one.state} />`}
          <span class="name">${one.name}</span><span class="muted">${one.more}</span>
          <span class="kind">${one.kind}</span>
        </li>`,
      )}
    </ul>
    ${text !== '' && found.length === 0 ? html`<p class="empty">Nothing of the fleet has that in its name, address or owner.</p>` : null}
  </dialog>`;
}

function findIn({ hosts, instances }: Fleet, text: string): readonly Found[] {
  const found: Found[] = [];
  for (const host of hosts.values()) {
    if (found.length >= foundMax) return found;
    if (!host.name.includes(text)) continue;
    const more = `${host.zone} ${host.rack}`;
    const href = linkTo('hosts', host.name);
    found.push({ kind: 'host', name: host.name, more, state: hostState(host), href });
  }
  for (const one of instances.values()) {
    if (found.length >= foundMax) return found;
    const words = [one.name, one.owner, one.service, ...one.addresses];
    if (!words.some((word) => word.toLowerCase().includes(text))) continue;
    const more = `${one.addresses.join(' ')} · ${one.owner}`;
    const href = linkTo('instances', one.name);
    found.push({ kind: 'instance', name: one.name, more, state: instanceState(one), href });
  }
  return found;
}
