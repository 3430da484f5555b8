/** One thing that `haproxy -c` said of a configuration. */
export interface CheckFinding {
  /** An alert refuses the configuration (but for a few that end in "Continuing."). */
  readonly severity: 'alert' | 'warning';
  /** Line in the text that was checked, from 1; null where HAProxy names none. */
  readonly line: number | null;
  /** In one line, without the path: other places of the file are `line N`. */
  readonly message: string;
}

const findingsMax = 200;
const messageLengthMax = 2_000;

const entryPattern = /^\[(ALERT|WARNING|NOTICE|DIAG)\]\s+(?:\d+\/\d+ )?\(\d+\) : (.*)$/;

// HAProxy's own last words, which only repeat that something was wrong.
const summaryPattern =
  /^(?:Fatal errors found in configuration\.|Error\(s\) found in configuration file : .*|Failed to initialize server\(s\) addr\.)$/;

// What `-c` prints beside its log: the verdict, which the exit code holds too.
const verdictPattern = /^(?:Warnings were found\.|Configuration file is valid)$/;

const noListener = 'Configuration file has no error but will not start (no listener)';

/**
 * Reads what `haproxy -c -f PATH` printed, standard output and error in any mix, of HAProxy 2.2 to
 * 3.x. Notices and repetitions are left out, and the closing summary where it adds nothing.
 */
export function parseCheckOutput(output: string, path: string): readonly CheckFinding[] {
  const entries: { severity: string; lines: string[] }[] = [];
  for (const raw of output.split('\n')) {
    const text = raw.trimEnd();
    const entry = entryPattern.exec(text);
    if (entry !== null) {
      entries.push({ severity: entry[1] ?? '', lines: [entry[2] ?? ''] });
    } else if (text.startsWith(noListener)) {
      const message = 'nothing listens: the configuration has no usable bind';
      entries.push({ severity: 'ALERT', lines: [message] });
    } else if (text.trim() !== '' && !verdictPattern.test(text)) {
      entries.at(-1)?.lines.push(text);
    }
  }
  const findings = entries
    .filter(({ severity }) => severity === 'ALERT' || severity === 'WARNING')
    .map(({ severity, lines }) => findingOf(severity, lines, path));
  const telling = findings.filter(({ message }) => !summaryPattern.test(message));
  const hasAlert = telling.some(({ severity }) => severity === 'alert');
  return distinct(hasAlert ? telling : findings).slice(0, findingsMax);
}

function findingOf(severity: string, lines: readonly string[], path: string): CheckFinding {
  const whole = joinLines(lines).replace(/^config : /, '');
  const place = escapePattern(path);
  const prefix = new RegExp(`^(?:[Pp]arsing )?\\[${place}:(\\d+)\\]\\s*:\\s*`).exec(whole);
  const rest = whole.slice(prefix?.[0].length ?? 0);
  const mentioned = new RegExp(`${place}:(\\d+)`).exec(rest)?.[1];
  const line = prefix?.[1] ?? mentioned;
  return {
    severity: severity === 'ALERT' ? 'alert' : 'warning',
    line: line === undefined ? null : Number(line),
    message: rest
      .replace(new RegExp(`\\[${place}:(\\d+)\\]|${place}:(\\d+)`, 'g'), 'line $1$2')
      .replaceAll(path, 'the configuration')
      .slice(0, messageLengthMax),
  };
}

// Further lines are indented text, some behind a bar; or the line at fault with a caret below it.
function joinLines(lines: readonly string[]): string {
  const hasCaret = lines.length > 2 && lines.at(-1)?.trim() === '^';
  const told = hasCaret ? lines.slice(0, -2) : lines;
  const joined = told.map((line) => line.trim().replace(/^\|\s*/, '')).join(' ');
  return hasCaret ? joined.replace(/:$/, '') : joined;
}

function distinct(findings: readonly CheckFinding[]): readonly CheckFinding[] {
  const seen = new Set<string>();
  return findings.filter(({ severity, line, message }) => {
    const key = JSON.stringify([severity, line, message]);
    return !seen.has(key) && seen.add(key);
  });
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
