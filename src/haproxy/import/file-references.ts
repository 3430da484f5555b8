import type { ConfigLine } from '../config-lines.ts';
import type { Word } from '../tokenize.ts';

/** A word of a line that names a file of the machine. */
export interface FileReference {
  readonly word: Word;
  readonly path: string;
  /** What HAProxy reads it as. */
  readonly purpose: string;
  /** Where the path begins in the word's text, where it is only a part of it. */
  readonly offset: number;
  /** True for what holds or may hold private keys. */
  readonly isPrivate: boolean;
}

/** What `crt` names. */
export const certificatePurpose = 'certificate with its private key';
/** What `crt-list` names. */
export const certificateListPurpose = 'list of certificates';

// Each keyword is followed by a path wherever it stands on a line of a proxy, server or bind.
const optionFiles: ReadonlyMap<string, string> = new Map([
  ['ca-file', 'certificates'],
  ['ca-sign-file', 'CA with its private key'],
  ['ca-verify-file', 'certificates'],
  ['crl-file', 'revocation list'],
  ['crt', certificatePurpose],
  ['crt-list', certificateListPurpose],
  ['tls-ticket-keys', 'TLS ticket keys'],
]);

const lineFiles: ReadonlyMap<string, { readonly at: number; readonly purpose: string }> = new Map([
  ['backing-file', { at: 1, purpose: 'ring file' }],
  ['51degrees-data-file', { at: 1, purpose: 'device data' }],
  ['deviceatlas-json-file', { at: 1, purpose: 'device data' }],
  ['errorfile', { at: 2, purpose: 'error page' }],
  ['issuers-chain-path', { at: 1, purpose: 'certificates' }],
  ['lua-load', { at: 1, purpose: 'Lua program' }],
  ['lua-load-per-thread', { at: 1, purpose: 'Lua program' }],
  ['lua-prepend-path', { at: 1, purpose: 'Lua modules' }],
  ['ssl-dh-param-file', { at: 1, purpose: 'DH parameters' }],
  ['wurfl-data-file', { at: 1, purpose: 'device data' }],
]);

/** Purposes of files that hold private keys. */
const privatePurposes: ReadonlySet<string> = new Set([
  'CA with its private key',
  certificatePurpose,
  'TLS ticket keys',
  'certificates of a store',
]);

// Converters, which follow a comma, and the actions that change a map or ACL by its file.
const mapPattern = new RegExp(
  '(?:^(?:set-map|del-map|add-acl|del-acl)|,[ \\t]*map(?:_(?:str|beg|sub|dir|dom|end|reg|regm|ip|int)' +
    '(?:_(?:str|ip|int|key))?)?)\\(([^,)\\s]+)',
  'g',
);

/** Where the options begin: behind names and addresses, which may be spelled like one. */
const optionsFrom: ReadonlyMap<string, number> = new Map([
  ['bind', 2],
  ['default-server', 1],
  ['peer', 3],
  ['server', 3],
  ['server-template', 4],
]);

/** Actions of http-request, http-response and http-error that take a file as the answer. */
const answering = new Set(['deny', 'reject', 'return', 'status', 'tarpit']);

/** Names of files that HAProxy has inside, or that are no files. */
const builtIn = /^(?:\/dev\/null|@.*|virt@.*|opt@virt@.*)$/;

/** The files of this machine that a line has HAProxy read. */
export function fileReferences(line: ConfigLine): readonly FileReference[] {
  const found: FileReference[] = [];
  const add = (word: Word | undefined, purpose: string, path = word?.text, offset = 0) => {
    if (word === undefined || path === undefined || builtIn.test(path)) return;
    found.push({ word, path, purpose, offset, isPrivate: privatePurposes.has(purpose) });
  };
  const [first] = line.words;
  if (first === undefined || line.isHeader) return found;
  const whole = lineFiles.get(first.text);
  if (whole !== undefined) add(line.words[whole.at], whole.purpose);
  if (line.section?.keyword === 'crt-store' && first.text === 'load') {
    add(first, 'certificates of a store', line.text.trim());
  }
  // SPOE and OpenTracing, each with a file of its own language.
  if (first.text === 'filter') {
    const at = line.words.findIndex(({ text }) => text === 'config');
    if (at > 0) add(line.words[at + 1], 'configuration of a filter');
  }
  const options = optionsFrom.get(first.text);
  const condition = line.words.findIndex(({ text }) => text === 'if' || text === 'unless');
  const action = line.words[1]?.text ?? '';
  const answers = first.text.startsWith('http-') && answering.has(action);
  let isCondition = first.text === 'acl';
  for (const [index, word] of line.words.entries()) {
    const purpose = optionFiles.get(word.text);
    if (purpose !== undefined && options !== undefined && index >= options)
      add(line.words[index + 1], purpose);
    isCondition ||= word.text === '{';
    if (word.text === '-f' && index > 1 && isCondition) add(line.words[index + 1], 'ACL file');
    const isText = /^(?:lf-)?string$/.test(line.words[index - 1]?.text ?? '');
    const isAnswer = answers && index > 1 && !isText && (condition < 0 || index < condition);
    if (isAnswer && /^(?:file|lf-file|errorfile)$/.test(word.text))
      add(line.words[index + 1], 'answer');
    for (const match of word.text.matchAll(mapPattern)) {
      const [call, path = ''] = match;
      const isAcl = call.includes('-acl(');
      add(word, isAcl ? 'ACL file' : 'map', path, match.index + call.length - path.length);
    }
  }
  return found;
}
