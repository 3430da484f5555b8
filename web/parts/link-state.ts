import { useEffect, useState } from 'preact/hooks';
import { useCell } from '../cell.ts';
import { html } from '../html.ts';
import { link } from '../live.ts';
import { moment, span } from '../words.ts';

/** What is older is said to be: a map of a fleet that moved is worse than none. */
const staleMs = 8_000;

/** Of when it is what is shown, and what is wrong where that is long ago; null where all is well. */
function useTrouble(): { readonly seenMs: number | null; readonly what: string | null } {
  const { heardMs, failure, behindMs } = useCell(link);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seenMs = heardMs === null ? null : heardMs - behindMs;
  if (failure !== null) return { seenMs, what: 'The scheduler is gone.' };
  if (behindMs > staleMs) return { seenMs, what: 'The database does not answer the scheduler.' };
  const isSlow = heardMs !== null && Date.now() - heardMs > staleMs;
  return { seenMs, what: isSlow ? 'The scheduler is slow to answer.' : null };
}

/** A word in the header: live, or how old. */
export function LinkState() {
  const { seenMs, what } = useTrouble();
  if (what !== null) {
    const age = seenMs === null ? 'not connected' : `${span(Date.now() - seenMs)} old`;
    return html`<span class="link bad"><span class="pulse"></span>${age}</span>`;
  }
  return seenMs === null
    ? html`<span class="link">connecting</span>`
    : html`<span class="link ok"><span class="pulse"></span>live</span>`;
}

/** Says it across the page where what is shown is not so now. */
export function StaleBanner() {
  const { seenMs, what } = useTrouble();
  const { failure } = useCell(link);
  if (what === null) return html`<div class="banner" role="alert" hidden></div>`;
  const since =
    seenMs === null ? 'Nothing has been heard yet.' : `What you see is of ${moment(seenMs)}.`;
  return html`<div class="banner" role="alert">
    <strong>${what}</strong> <span>${since} Trying again.</span>
    ${failure === null ? null : html`<span class="note">${failure}</span>`}
  </div>`;
}
