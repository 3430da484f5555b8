import { html } from '../html.ts';

/** Text with the numbers of its lines. */
export function Code({ label, text }: { readonly label: string; readonly text: string }) {
  const lines = text.replace(/\n$/, '').split('\n');
  return html`<pre class="code" tabindex="0" role="region" aria-label=${label}>${lines.map(
    (line, index) =>
      html`<span key=${index} class="row"><span class="at" aria-hidden="true">${index + 1}</span>${line}\n</span>`,
  )}</pre>`;
}

/** A unified diff: what goes and what comes by sign and colour. */
export function Diff({ label, text }: { readonly label: string; readonly text: string }) {
  const kinds: Readonly<Record<string, string>> = { '+': 'plus', '-': 'minus', '@': 'place' };
  return html`<pre class="code diff" tabindex="0" role="region" aria-label=${label}>${text
    .replace(/\n$/, '')
    .split('\n')
    .map(
      (line, index) =>
        html`<span key=${index} class=${`row ${kinds[line[0] ?? ''] ?? ''}`}>${line}\n</span>`,
    )}</pre>`;
}
