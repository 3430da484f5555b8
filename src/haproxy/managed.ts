import type { Finding } from '../domain/errors.ts';
import type { Resources } from '../domain/model.ts';
import type { ConfigLine } from './config-lines.ts';

/** Where the instance's HAProxy listens for the agent, inside its container. */
export const statsSocketPath = '/run/haproxy/stats.sock';

/** How long connections of an old process may live on after a reload, unless the owner says. */
const hardStopAfter = '60s';
/**
 * Reloads that an old process survives: beyond it HAProxy ends the process with its connections, since
 * each takes the memory of a whole HAProxy. The agent waits before it comes to that (agent/old-workers.ts).
 */
const reloadsSurvived = 16;

// Highest number of threads that HAProxy takes in one group (MAX_THREADS_PER_GROUP).
const threadsMax = 64;

/**
 * The lines of the managed `global` section, without its description. HAProxy merges all `global`
 * sections: of a keyword that comes twice the last one holds, but for `maxconn`, where it is the
 * first, with an alert (tried with 2.6.12).
 */
export function managedGlobal(
  name: string,
  resources: Resources,
  lines: readonly ConfigLine[],
  modulePaths: readonly string[] = [],
): readonly string[] {
  const threads = Math.min(threadsMax, Math.max(1, Math.ceil(resources.cpus)));
  const isLimited = lines.some(
    (line) => line.section?.keyword === 'global' && line.words[0]?.text === 'hard-stop-after',
  );
  return [
    `    node ${name}`,
    `    localpeer ${name}`,
    `    stats socket ${statsSocketPath} mode 600 level admin expose-fd listeners`,
    '    stats timeout 1m',
    `    maxconn ${resources.maxConnections}`,
    `    nbthread ${threads}`,
    `    mworker-max-reloads ${reloadsSurvived}`,
    ...(isLimited ? [] : [`    hard-stop-after ${hardStopAfter}`]),
    ...modulePaths,
  ];
}

const ownContainer = 'remove the line: the instance runs in a container of its own';
const byName = 'remove the line: it is the name of the instance';
const byCpus = 'remove the line and set resources.cpus of the instance';

/** Keywords of `global` that belong to Bridgehead, with what to do instead. */
const managedKeywords: ReadonlyMap<string, string> = new Map([
  ['chroot', ownContainer],
  ['cpu-map', byCpus],
  ['daemon', ownContainer],
  ['description', 'remove the line, or use a comment: it carries the hash of the configuration'],
  ['gid', ownContainer],
  ['group', ownContainer],
  ['localpeer', byName],
  ['master-worker', ownContainer],
  ['maxconn', 'remove the line and set resources.maxConnections of the instance'],
  ['mworker-max-reloads', ownContainer],
  ['nbproc', byCpus],
  ['nbthread', byCpus],
  ['node', byName],
  ['pidfile', ownContainer],
  ['stats bind-process', 'remove the line'],
  [
    'stats socket',
    "remove the line: the agent's socket is there; for metrics, add a frontend with a " +
      "'stats' or 'prometheus-exporter' rule",
  ],
  ['uid', ownContainer],
  ['ulimit-n', 'remove the line and set resources.maxConnections of the instance'],
  ['user', ownContainer],
]);

/** What stands in an owner's configuration and is not theirs to set. */
export function managedFindings(lines: readonly ConfigLine[]): readonly Finding[] {
  return lines.flatMap((line) => {
    const first = line.words[0];
    if (first === undefined) return [];
    const message = line.isHeader ? refusalOfHeader(first.text) : refusalOfLine(line, first.text);
    if (message === null) return [];
    return [{ line: line.number, column: first.start + 1, message }];
  });
}

function refusalOfHeader(keyword: string): string | null {
  return keyword === 'program'
    ? "'program' sections are not allowed: an instance's container runs HAProxy alone; remove " +
        'the section and run the program elsewhere'
    : null;
}

function refusalOfLine(line: ConfigLine, keyword: string): string | null {
  if (line.section === null) {
    return keyword.startsWith('.')
      ? null
      : `'${keyword}' stands before the first section: move it into a section such as ` +
          "'defaults' or 'frontend'";
  }
  if (line.section.keyword !== 'global') return null;
  if (line.words[0]?.expands === true || (keyword === 'stats' && line.words[1]?.expands === true)) {
    return 'a keyword of global must be written out, not taken from the environment';
  }
  const subject = keyword === 'stats' ? `stats ${line.words[1]?.text ?? ''}` : keyword;
  const advice = managedKeywords.get(subject);
  return advice === undefined ? null : `'${subject}' is set by Bridgehead: ${advice}`;
}
