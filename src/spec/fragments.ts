// Fragments stand behind the configuration that they belong to, each under a comment with its name,
// so that what is stored, compared and run is one text.

import type { Finding } from '../domain/errors.ts';
import { splitLines } from '../haproxy/config-lines.ts';
import type { Fragment } from './attachments.ts';
import { type ConfigOrigin, configOriginOf } from './config-origin.ts';
import type { InstanceConfig, InstancePlace } from './instance-config.ts';
import type { Report } from './pool-rules.ts';
import { configLengthMax } from './schema.ts';
import type { Position } from './yaml-reader.ts';

/** A fragment with where it stands in the spec. */
interface PlacedFragment extends Fragment {
  /** Of its name. */
  readonly position: Position;
  /** Of its text; null where that is in a file. */
  readonly origin: ConfigOrigin | null;
}

/**
 * The configuration with its fragments behind it; as it is where there are none. What is wrong in one
 * from a file is shown at the fragment's name, with the file's own line and column in the message.
 */
export function withFragments(
  main: InstanceConfig,
  fragments: readonly Fragment[],
  place: InstancePlace,
  report: Report,
): InstanceConfig {
  if (fragments.length === 0) return main;
  const parts = fragments.map(({ name, text }) => `# Fragment ${name}\n${ended(text)}`);
  const text = ended(main.text) + parts.join('');
  if (text.length > configLengthMax)
    report(['attachments'], `the configuration has over ${configLengthMax} characters with them`);
  const { origin } = main;
  if (origin === null) return { text, origin };
  const mainLines = splitLines(main.text).length;
  const placed = fragments.map((fragment) => placedIn(place, fragment));
  const toYaml = (finding: Finding): Finding => {
    let line = finding.line - mainLines;
    for (const fragment of line > 0 ? placed : []) {
      const length = 1 + splitLines(fragment.text).length;
      if (line <= length) return within(fragment, { ...finding, line: line - 1 });
      line -= length;
    }
    return origin.toYaml(finding);
  };
  return { text, origin: { ...origin, toYaml } };
}

function placedIn({ document, path, text, textLines }: InstancePlace, fragment: Fragment) {
  const own = [...path, 'attachments', fragment.name];
  const position = document.positionOfKey(own);
  const at = [...own, 'text'];
  const origin = configOriginOf(document.node(at), text, textLines, document.positionOf(at));
  return { ...fragment, position, origin: typeof origin === 'string' ? null : origin };
}

// Line 0 is the comment with the fragment's name.
function within({ name, position, origin }: PlacedFragment, finding: Finding): Finding {
  if (finding.line > 0 && origin !== null) return origin.toYaml(finding);
  const { line, column, message } = finding;
  return { ...finding, ...position, message: `${name}:${line}:${column}: ${message}` };
}

function ended(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
