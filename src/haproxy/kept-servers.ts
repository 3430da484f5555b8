// Servers whose state and weight are kept over a reload: HAProxy reads them from a file before its new
// worker takes a connection (configuration manual, server-state-file), so that a server which is kept
// in drain or maintenance gets nothing in between.

import type { Override, ServerOverride, ServerState } from '../domain/live.ts';
import { type ConfigLine, readConfig } from './config-lines.ts';
import { serverLine } from './server-line.ts';
import { serverRows } from './server-rows.ts';

/** The file's name in the run folder, and how HAProxy finds it in its container. */
export const serverStatesFile = 'servers.state';
const pathInContainer = `/run/haproxy/${serverStatesFile}`;

const loading = 'load-server-state-from-file';

/** Of a row, in their order; all that HAProxy demands of version 1 (SRV_STATE_FILE_NB_FIELDS_MIN_VERSION_1). */
const columns = [
  ...['be_id', 'be_name', 'srv_id', 'srv_name', 'srv_addr', 'srv_op_state', 'srv_admin_state'],
  ...['srv_uweight', 'srv_iweight', 'srv_time_since_last_change', 'srv_check_status'],
  ...['srv_check_result', 'srv_check_health', 'srv_check_state', 'srv_agent_state'],
  ...['bk_f_forced_id', 'srv_f_forced_id', 'srv_fqdn', 'srv_port', 'srvrecord'],
];

/** SRV_ADMF_FMAINT and SRV_ADMF_FDRAIN of include/haproxy/server-t.h. */
const adminOf: Readonly<Record<ServerState, string>> = { ready: '0', maint: '1', drain: '8' };

/**
 * Adds to a rendered configuration that HAProxy reads the file, in those backends only that have a
 * server in it. An owner who has a file of their own keeps it: then nothing is added.
 */
export function withServerStates(config: string, overrides: readonly Override[]): string {
  const backends = new Set(serversOf(overrides).map(({ backend }) => backend));
  if (backends.size === 0) return config;
  const lines = readConfig(config);
  const isOwn = ({ section, words }: ConfigLine) =>
    section?.keyword === 'global' && words[0]?.text === 'server-state-file';
  if (lines.some(isOwn)) return config;
  const settled = new Set(
    lines.flatMap(({ section, words }) =>
      words[0]?.text === loading && section !== null ? [section.line] : [],
    ),
  );
  const global = lines.find(({ isHeader, section }) => isHeader && section?.keyword === 'global');
  const added = lines.flatMap((line) => {
    const { section, isHeader } = line;
    if (line === global) return [line.text, `    server-state-file ${pathInContainer}`];
    const isBackend = section?.keyword === 'backend' || section?.keyword === 'listen';
    const isWanted = isBackend && backends.has(section.name) && !settled.has(section.line);
    return isHeader && isWanted ? [line.text, `    ${loading} global`] : [line.text];
  });
  return global === undefined ? config : `${added.join('\n')}\n`;
}

/**
 * The file: of each server with a kept state or weight one row. What else HAProxy would take from it,
 * such as an address, is left to the configuration; so is a server whose port is not a plain number
 * there, since HAProxy takes the row's.
 *
 * @param shown answer to `show servers state`
 * @param config that is about to be loaded
 */
export function serverStates(
  shown: string,
  overrides: readonly Override[],
  config: string,
): string {
  const wanted: ReadonlyMap<string, ServerOverride> = new Map(
    serversOf(overrides).map((one) => [`${one.backend}/${one.server}`, one] as const),
  );
  const ports = portsIn(config);
  const rows = serverRows(shown).flatMap((cell) => {
    const name: string = `${cell('be_name')}/${cell('srv_name')}`;
    const override = wanted.get(name);
    const port = ports.get(name);
    if (override === undefined || port === undefined) return [];
    const known: Readonly<Record<string, string>> = {
      ...{ srv_addr: '-', srv_fqdn: '-', srv_port: port, srvrecord: '-' },
      srv_admin_state: adminOf[override.state ?? 'ready'],
      srv_uweight: String(override.weight ?? cell('srv_iweight')),
    };
    return [columns.map((column) => known[column] ?? cell(column)).join(' ')];
  });
  return `1\n# ${columns.join(' ')}\n${rows.map((row) => `${row}\n`).join('')}`;
}

function portsIn(config: string): ReadonlyMap<string, string> {
  return new Map<string, string>(
    readConfig(config).flatMap((line) => {
      const found = serverLine(line);
      const port = /[^:]:(\d{1,5})$/.exec(found?.address.text ?? '')?.[1];
      return found === null || port === undefined ? [] : [[found.server, port] as const];
    }),
  );
}

function serversOf(overrides: readonly Override[]): readonly ServerOverride[] {
  return overrides.filter(
    (one): one is ServerOverride =>
      one.kind === 'server' && (one.state !== null || one.weight !== null),
  );
}
