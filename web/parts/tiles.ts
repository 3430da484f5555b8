import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { type Children, html } from '../html.ts';

const gapPx = 8;
/** Rows that are there before they come into sight. */
const spareRows = 4;

/** Tiles of one height, of which only those in sight are in the document. */
export function Tiles<Item>({
  items,
  keyOf,
  minWidthPx,
  heightPx,
  draw,
}: {
  readonly items: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly minWidthPx: number;
  readonly heightPx: number;
  readonly draw: (item: Item) => Children;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(1);
  const [sight, setSight] = useState({ from: 0, to: 12 });
  const rowPx = heightPx + gapPx;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () => {
      const { top, width } = element.getBoundingClientRect();
      setColumns(Math.max(1, Math.floor((width + gapPx) / (minWidthPx + gapPx))));
      const from = Math.max(0, Math.floor(-top / rowPx) - spareRows);
      const to = Math.max(0, Math.ceil((innerHeight - top) / rowPx)) + spareRows;
      setSight((last) => (last.from === from && last.to === to ? last : { from, to }));
    };
    look();
    const watch = new ResizeObserver(look);
    watch.observe(element);
    addEventListener('scroll', look, { passive: true });
    addEventListener('resize', look);
    return () => {
      watch.disconnect();
      removeEventListener('scroll', look);
      removeEventListener('resize', look);
    };
  }, [minWidthPx, rowPx]);
  const rows = Math.ceil(items.length / columns);
  const from = Math.min(sight.from, rows);
  const to = Math.min(sight.to, rows);
  // The list may have become shorter than what was scrolled past.
  useEffect(() => {
    if (from >= rows && rows > 0) dispatchEvent(new Event('resize'));
  }, [from, rows]);
  return html`<div ref=${box} style=${{ height: `${rows * rowPx}px` }} class="window">
    <div
      class="tiles fixed"
      style=${{
        transform: `translateY(${from * rowPx}px)`,
        gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
        gridAutoRows: `${heightPx}px`,
        gap: `${gapPx}px`,
      }}
    >
      ${items.slice(from * columns, to * columns).map((item) => html`<div key=${keyOf(item)}>${draw(item)}</div>`)}
    </div>
  </div>`;
}
