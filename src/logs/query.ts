import { BridgeheadError } from '../domain/errors.ts';

/** Fields that a search may name, as `host:lb-1`. */
export const searchFields = ['host', 'app', 'instance', 'facility', 'severity', 'boot'] as const;
export type SearchField = (typeof searchFields)[number];

/** One thing that a message has to have, or must not have. */
export type SearchTerm =
  | { readonly kind: 'text'; readonly text: string; readonly isWanted: boolean }
  | {
      readonly kind: 'field';
      readonly field: 'host' | 'app' | 'instance';
      readonly value: string;
      readonly isWanted: boolean;
    }
  /** `severity:warning` takes what is as bad or worse; facilities are equal or not. */
  | {
      readonly kind: 'level';
      readonly field: 'severity' | 'facility';
      readonly value: number;
      readonly isWanted: boolean;
    }
  /** Of boots whose id begins so. */
  | { readonly kind: 'boot'; readonly prefix: string; readonly isWanted: boolean }
  /** Of a host's boot: 0 its latest, 1 the one before. */
  | {
      readonly kind: 'boot-back';
      readonly host: string;
      readonly back: number;
      readonly isWanted: boolean;
    };

/** Names of RFC 5424, and the short ones of syslog.conf. */
export const severities = [
  ['emergency', 'emerg', 'panic'],
  ['alert'],
  ['critical', 'crit'],
  ['error', 'err'],
  ['warning', 'warn'],
  ['notice'],
  ['info', 'informational'],
  ['debug'],
] as const;

export const facilities = [
  ...['kernel', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron'],
  ...['authpriv', 'ftp', 'ntp', 'audit', 'alert', 'clock'],
  ...['local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const;

const termsMax = 32;
const queryMax = 2_048;
const word = /\s*(-?)(?:"((?:[^"\\]|\\.)*)"|([a-z]+):(?:"((?:[^"\\]|\\.)*)"|(\S+))|(\S+))/y;

/**
 * Reads a search: words and "exact phrases" that all have to be in a message, -without, `host:`,
 * `app:`, `instance:`, `facility:`, `severity:`, `boot:`. Text is found wherever it stands, in either case. A
 * backslash takes the meaning from a quote in a phrase.
 *
 * @throws BridgeheadError REQUEST_INVALID
 */
export function readQuery(query: string): readonly SearchTerm[] {
  if (query.length > queryMax) throw invalid(`it has more than ${queryMax} characters`);
  const terms: SearchTerm[] = [];
  const text = query.trimEnd();
  word.lastIndex = 0;
  while (word.lastIndex < text.length) {
    const at = word.lastIndex;
    const found = word.exec(text);
    if (found === null) throw invalid(`it cannot be read from "${text.slice(at, at + 40)}" on`);
    const [, minus, phrase, field, quoted, bare, plain] = found;
    const isWanted = minus === '';
    if (plain?.startsWith('"') === true) throw invalid('a quote is not closed');
    if (phrase !== undefined) terms.push({ kind: 'text', text: unescaped(phrase), isWanted });
    else if (field !== undefined && isField(field)) {
      terms.push(
        fieldTerm(field, quoted === undefined ? (bare ?? '') : unescaped(quoted), isWanted),
      );
    } else terms.push({ kind: 'text', text: found[0].trim().slice(minus?.length ?? 0), isWanted });
    if (terms.length > termsMax) throw invalid(`it has more than ${termsMax} terms`);
  }
  return ofHost(terms).filter((term) => term.kind !== 'text' || term.text !== '');
}

// The boots of which host is said by another term.
function ofHost(terms: readonly SearchTerm[]): readonly SearchTerm[] {
  const named = terms.find(
    (term) => term.kind === 'field' && term.field === 'host' && term.isWanted,
  );
  const host = named?.kind === 'field' ? named.value : '';
  return terms.map((term) => {
    if (term.kind !== 'boot-back') return term;
    if (host === '') throw invalid(`boot:-${term.back} says a boot of no host; add host:NAME`);
    return { ...term, host };
  });
}

function bootTerm(value: string, isWanted: boolean): SearchTerm {
  const back = /^(?:0|-(\d{1,3}))$/.exec(value);
  if (back !== null) return { kind: 'boot-back', host: '', back: Number(back[1] ?? 0), isWanted };
  const prefix = value.toLowerCase();
  if (/^[0-9a-z][\w-]{0,63}$/.test(prefix)) return { kind: 'boot', prefix, isWanted };
  throw invalid(`boot:${value} is no beginning of a boot's id, and not 0, -1 and so on`);
}

function fieldTerm(field: SearchField, value: string, isWanted: boolean): SearchTerm {
  if (field === 'boot') return bootTerm(value, isWanted);
  if (field !== 'severity' && field !== 'facility') {
    return { kind: 'field', field, value, isWanted };
  }
  const names: readonly (readonly string[])[] =
    field === 'severity' ? severities : facilities.map((name) => [name]);
  const number = /^\d{1,2}$/.test(value)
    ? Number(value)
    : names.findIndex((all) => all.includes(value.toLowerCase()));
  if (number < 0 || number >= names.length) {
    throw invalid(`${field}:${value} is none of ${names.map(([name]) => name).join(', ')}`);
  }
  return { kind: 'level', field, value: number, isWanted };
}

function isField(name: string): name is SearchField {
  return (searchFields as readonly string[]).includes(name);
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

function invalid(what: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `the search is not valid: ${what}`,
    'Write words, "exact phrases", -without, host:NAME, app:NAME, instance:NAME, severity:NAME, facility:NAME, boot:ID.',
  );
}
