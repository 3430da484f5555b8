import type { YAMLError } from 'yaml';

/** What to do about the faults that people make most; the library's own words say what is wrong. */
const advice: Readonly<Record<string, string>> = {
  BAD_INDENT: 'look at the indentation, and for a bracket or quote left open above',
  BLOCK_AS_IMPLICIT_KEY: 'put the inner mapping on a line of its own, or the value in quotes',
  MISSING_CHAR: 'look for a missing colon, or a quote or bracket left open',
  MULTILINE_IMPLICIT_KEY: 'look for a missing colon, or a line indented too deeply',
  NON_STRING_KEY: 'write the name of the field as plain text',
  TAB_AS_INDENT: 'indent with spaces',
  TAG_RESOLVE_FAILED: "remove the tag, the word that starts with '!'",
  UNEXPECTED_TOKEN: 'look at the indentation, and for a missing quote',
};

/** A fault of the YAML text itself as a sentence that says what to do. */
export function yamlMessage(fault: Pick<YAMLError, 'code' | 'message'>): string {
  // The library recurses into nested collections, and reports the end of the stack as a fault.
  if (fault.message.startsWith('Maximum call stack')) return nestedTooDeep;
  const library = fault.message.split('\n', 1)[0] ?? '';
  const what = fault.code === 'NON_STRING_KEY' ? 'the name of a field is a collection' : library;
  const next = advice[fault.code];
  return `this is not valid YAML: ${what}${next === undefined ? '' : `; ${next}`}`;
}

/** For a text that takes more stack to read than there is. */
export const nestedTooDeep = 'collections are nested too deeply here to be read';
