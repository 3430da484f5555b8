import type { Override, ServerOverride } from '../domain/live.ts';
import { type ConfigLine, readConfig } from './config-lines.ts';
import { serverLine } from './server-line.ts';

/** An address in numbers, and a port in numbers where there is one. */
const plainAddress = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([0-9a-fA-F:.]+)\])(?::(\d{1,5}))?$/;

/**
 * Puts the kept address and port of each server into its line, so that a new worker never connects to
 * the old one. HAProxy itself takes no address from a server-state file but for a server by name. A
 * line with a name, a variable or an offset is left alone.
 */
export function withKeptAddresses(config: string, overrides: readonly Override[]): string {
  const kept = new Map<string, ServerOverride>(
    overrides.flatMap((one) =>
      one.kind === 'server' && (one.address !== null || one.port !== null)
        ? [[`${one.backend}/${one.server}`, one] as const]
        : [],
    ),
  );
  if (kept.size === 0) return config;
  const rewritten = (line: ConfigLine): string => {
    const { text } = line;
    const found = serverLine(line);
    const override = found === null ? undefined : kept.get(found.server);
    if (found === null || override === undefined) return text;
    const { address } = found;
    const plain = address.expands ? null : plainAddress.exec(address.text);
    if (plain === null) return text;
    const ip = override.address ?? plain[1] ?? plain[2] ?? '';
    const port = override.port ?? plain[3];
    const host = ip.includes(':') ? `[${ip}]` : ip;
    const now = port === undefined ? host : `${host}:${port}`;
    return `${text.slice(0, address.start)}${now}${text.slice(address.end)}`;
  };
  return `${readConfig(config).map(rewritten).join('\n')}\n`;
}
