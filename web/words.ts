// Times and amounts as people read them.

const units = [
  { ms: 86_400_000, name: 'd' },
  { ms: 3_600_000, name: 'h' },
  { ms: 60_000, name: 'min' },
  { ms: 1_000, name: 's' },
] as const;

/** `3 min`, `2.5 s`, `80 ms`: how long something takes. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const index = Math.max(
    0,
    units.findIndex((unit) => ms >= unit.ms),
  );
  const unit = units[index];
  const next = units[index + 1];
  if (unit === undefined) return '';
  const whole = Math.floor(ms / unit.ms);
  const rest = next === undefined ? 0 : Math.floor((ms % unit.ms) / next.ms);
  return rest > 0 && whole < 10 && next !== undefined
    ? `${whole} ${unit.name} ${rest} ${next.name}`
    : `${whole} ${unit.name}`;
}

const clockOf = new Intl.DateTimeFormat('en-GB', {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
});
const dayOf = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const yearOf = new Intl.DateTimeFormat('en-GB', {
  ...{ day: 'numeric', month: 'short' },
  year: 'numeric',
});

/** The hour today, the day with it before that. */
export function moment(atMs: number, nowMs = Date.now()): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  if (at.toDateString() === now.toDateString()) return clockOf.format(at);
  const day = at.getFullYear() === now.getFullYear() ? dayOf.format(at) : yearOf.format(at);
  return `${day}, ${clockOf.format(at)}`;
}

/** `12.4k`: three figures are enough to compare by. */
export function amount(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trimmed(value / 1e9)}G`;
  if (size >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (size >= 1e4) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

function trimmed(value: number): string {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}

export function memory(mib: number): string {
  return mib >= 10_240 ? `${Math.round(mib / 1_024)} GiB` : `${mib} MiB`;
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** `1 host`, `3 hosts`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
