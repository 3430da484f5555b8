import { BridgeheadError } from '../domain/errors.ts';
import { unitsMs } from '../domain/time-units.ts';

/**
 * Milliseconds of a duration as a person writes one: `500ms`, `10s`, `1h`, `1h30m`; a bare number is
 * seconds.
 *
 * @throws BridgeheadError REQUEST_INVALID naming the option it was given for
 */
export function parseDurationMs(text: string, option: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  const isWhole = /^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text);
  if (!isWhole) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${option} ${text} is no duration`,
      'Write a number with its unit (ms, s, m, h, d), such as 30s, 1h or 1h30m.',
    );
  }
  let totalMs = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    totalMs += Number(number) * (unitsMs[unit ?? 'ms'] ?? 0);
  }
  return Math.round(totalMs);
}

/** How long something took or has been, in the two largest units that say enough. */
export function durationText(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A moment in UTC, to the second: fleets and their logs do not live in the reader's time zone. */
export function momentText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

/** The same with milliseconds, where the order of fast steps matters. */
export function fineMomentText(atMs: number): string {
  return new Date(atMs).toISOString().slice(11, 23);
}
