import { embeddedUrl, postgresAnswers } from '../store/embedded-postgres.ts';
import { programCommand } from './commands.ts';
import type { LabPaths } from './paths.ts';
import type { Part } from './processes.ts';
import type { LabNode } from './topology.ts';

const readyLimitMs = 90_000;

/** URL of the database that the lab's schedulers share, where there are several. */
export function sharedDatabaseUrl(paths: LabPaths): string {
  return embeddedUrl(paths.database);
}

/**
 * The server behind {@link sharedDatabaseUrl}: what keeps it, not the server itself, which is its
 * child. It is reached by its unix socket alone, so that it needs no network of the node's.
 */
export function databasePart(node: LabNode, paths: LabPaths): Part {
  return {
    name: 'database',
    namespace: node.namespace,
    argv: [...programCommand('database'), paths.database],
    log: paths.log('database'),
    stale: [],
    ready: () => postgresAnswers({ connectionString: sharedDatabaseUrl(paths) }),
    readyLimitMs,
  };
}
