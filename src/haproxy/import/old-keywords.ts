import type { ConfigLine } from '../config-lines.ts';
import { type Edit, edited } from './fate.ts';

/** What to write instead of a keyword that HAProxy 2.6 refuses. */
export type OldKeyword =
  | { readonly kind: 'rewrite'; readonly text: string; readonly detail: string }
  /** The line can go: HAProxy does without what it says. */
  | { readonly kind: 'drop'; readonly detail: string }
  | { readonly kind: 'refuse'; readonly detail: string };

// Those that have another name today and mean the same (configuration manual of 2.0, section 4.2,
// and what 2.6.12 says of them).
const renamed: Readonly<Record<string, string>> = {
  redisp: 'option redispatch',
  redispatch: 'option redispatch',
  contimeout: 'timeout connect',
  clitimeout: 'timeout client',
  srvtimeout: 'timeout server',
};

const headerRules = 'order and conditions of the rules have to be seen to';
const gone = (since: string, instead: string) => `HAProxy ${since} took it out: ${instead}`;

const refused: Readonly<Record<string, string>> = {
  appsession: gone('1.6', "use 'stick-table' with 'stick on req.cook(NAME)', or 'cookie'"),
  block: gone('2.1', "write 'http-request deny' with the same condition, before the other rules"),
  'monitor-net': gone('2.1', "write 'http-request return status 200 if { src NETWORK }'"),
  grace: gone('2.5', "remove it; 'hard-stop-after' bounds how long an old process lives"),
  cliexp: gone('1.1', "write 'timeout client'"),
  srvexp: gone('1.1', "write 'timeout server'"),
  reqrep: gone(
    '2.1',
    "use 'http-request replace-path', 'replace-uri' or 'replace-header'; " + headerRules,
  ),
  reqirep: gone(
    '2.1',
    "use 'http-request replace-header' or 'replace-path' with '(?i)' in the expression; " +
      headerRules,
  ),
  reqadd: gone('2.1', "use 'http-request add-header NAME VALUE'"),
  reqdel: gone('2.1', "use 'http-request del-header NAME'"),
  reqidel: gone('2.1', "use 'http-request del-header NAME'"),
  reqdeny: gone('2.1', "use 'http-request deny if CONDITION'"),
  reqideny: gone('2.1', "use 'http-request deny if CONDITION'"),
  reqallow: gone('2.1', "use 'http-request allow if CONDITION'"),
  reqiallow: gone('2.1', "use 'http-request allow if CONDITION'"),
  reqpass: gone('2.1', "use 'http-request' rules with a condition"),
  reqipass: gone('2.1', "use 'http-request' rules with a condition"),
  reqtarpit: gone('2.1', "use 'http-request tarpit if CONDITION'"),
  reqitarpit: gone('2.1', "use 'http-request tarpit if CONDITION'"),
  reqsetbe: gone('1.5', "use 'use_backend NAME if CONDITION'"),
  reqisetbe: gone('1.5', "use 'use_backend NAME if CONDITION'"),
  rsprep: gone('2.1', "use 'http-response replace-header'; " + headerRules),
  rspirep: gone('2.1', "use 'http-response replace-header' with '(?i)'; " + headerRules),
  rspadd: gone('2.1', "use 'http-response add-header NAME VALUE'"),
  rspdel: gone('2.1', "use 'http-response del-header NAME'"),
  rspidel: gone('2.1', "use 'http-response del-header NAME'"),
  rspdeny: gone('2.1', "use 'http-response deny if CONDITION'"),
  rspideny: gone('2.1', "use 'http-response deny if CONDITION'"),
};

const oldOptions: Readonly<Record<string, OldKeyword>> = {
  forceclose: {
    kind: 'rewrite',
    text: 'option httpclose',
    detail: "'option forceclose' is 'option httpclose' since HAProxy 2.0",
  },
  'independant-streams': {
    kind: 'rewrite',
    text: 'option independent-streams',
    detail: 'spelled as HAProxy does today',
  },
  'http-use-htx': {
    kind: 'drop',
    detail: 'HAProxy 2.1 took it out: it is always on',
  },
  tcpsplice: {
    kind: 'rewrite',
    text: 'option splice-auto',
    detail: "'option tcpsplice' of HAProxy 1.3 is 'option splice-auto' today",
  },
  'http-tunnel': {
    kind: 'refuse',
    detail: gone('2.1', 'remove it: requests after the first are seen too then'),
  },
  http_proxy: {
    kind: 'refuse',
    detail: gone('2.5', "use 'http-request set-dst' and 'http-request set-uri'"),
  },
};

const oldGlobals: Readonly<Record<string, OldKeyword>> = {
  nosepoll: { kind: 'drop', detail: 'HAProxy 1.5 took speculative polling out' },
  'tune.chksize': {
    kind: 'refuse',
    detail: gone('2.4', 'remove it: tune.bufsize holds for checks too'),
  },
};

const oldTimeouts: Readonly<Record<string, string>> = {
  clitimeout: 'client',
  contimeout: 'connect',
  srvtimeout: 'server',
};

/** What to do with a keyword that HAProxy knew once and refuses now; null for any other. */
export function oldKeyword(line: ConfigLine): OldKeyword | null {
  if (line.isHeader || line.section === null) return null;
  const at = line.words[0]?.text === 'no' ? 1 : 0;
  const first = line.words[at];
  const second = line.words[at + 1];
  if (first === undefined) return null;
  const keyword = first.text.toLowerCase();
  if (line.section.keyword === 'global') return own(oldGlobals, keyword) ?? null;
  if (!isProxy(line)) return null;
  const name = own(renamed, keyword);
  if (name !== undefined) {
    const edit: Edit = { start: first.start, end: first.end, text: name };
    const detail = `'${keyword}' is '${name}' since HAProxy 2.1`;
    return { kind: 'rewrite', text: edited(line.text, [edit]), detail };
  }
  if (keyword === 'option' && second !== undefined) {
    const option = own(oldOptions, second.text);
    if (option?.kind !== 'rewrite') return option ?? null;
    const edit: Edit = { start: first.start, end: second.end, text: option.text };
    return { ...option, text: edited(line.text, [edit]) };
  }
  const timeout = keyword === 'timeout' ? own(oldTimeouts, second?.text ?? '') : undefined;
  if (timeout !== undefined && second !== undefined) {
    const edit: Edit = { start: second.start, end: second.end, text: timeout };
    const detail = `'timeout ${second.text}' is 'timeout ${timeout}' since HAProxy 2.1`;
    return { kind: 'rewrite', text: edited(line.text, [edit]), detail };
  }
  if (keyword === 'mode' && second?.text === 'health') {
    const detail = gone('2.1', "write 'mode http' and 'http-request return status 200'");
    return { kind: 'refuse', detail };
  }
  return refusal(refused, keyword);
}

/** True in the sections that proxies are made of. */
export function isProxy(line: ConfigLine): boolean {
  return ['frontend', 'backend', 'listen', 'defaults'].includes(line.section?.keyword ?? '');
}

function refusal(table: Readonly<Record<string, string>>, keyword: string): OldKeyword | null {
  const detail = own(table, keyword);
  return detail === undefined ? null : { kind: 'refuse', detail };
}

// A line may begin with any word, those of Object.prototype too.
function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
