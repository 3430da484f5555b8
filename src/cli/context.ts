import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { BridgeheadError } from '../domain/errors.ts';
import { fingerprintFrom, type ServerTrust } from './server-trust.ts';

/** Where the API is and what opens it. */
export interface Access {
  /** `http://HOST:PORT`, `https://HOST:PORT` or `unix:/path/to.sock`. */
  readonly url: string;
  /** Further servers of the same fleet, asked in turn where the ones before take no connection. */
  readonly others?: readonly string[];
  readonly token: string | null;
  /** Whom to believe over https; left out for whom Node believes. */
  readonly trust?: ServerTrust;
  /** Where the address was found, for messages. */
  readonly from: string;
}

/** What was typed; undefined where it was not. */
export interface AccessOptions {
  readonly server?: string | undefined;
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly lab?: string | undefined;
  /** A file with authorities in PEM. */
  readonly ca?: string | undefined;
  /** SHA-256 of a certificate. */
  readonly fingerprint?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The server that a command is for: the options, then the environment, then the person's context
 * file, then the lab's. A token that comes with a context is used for that context's server only.
 *
 * @throws BridgeheadError REQUEST_INVALID where no server is known, or a file cannot be read
 */
export async function findAccess(options: AccessOptions, env: Environment): Promise<Access> {
  const token = await givenToken(options, env);
  const trust = await givenTrust(options, env);
  if (options.server !== undefined)
    return { url: options.server, token, ...trust, from: '--server' };
  if (options.lab !== undefined) {
    const path = await labContextOf(options.lab, env);
    const lab = await readContext(path);
    if (lab === null) throw noLab(options.lab, path);
    return { ...lab, ...trust, token: token ?? lab.token };
  }
  const fromEnvironment = env['BRIDGEHEAD_SERVER'] ?? '';
  if (fromEnvironment !== '') {
    return { url: fromEnvironment, token, ...trust, from: 'BRIDGEHEAD_SERVER' };
  }
  const own = await readContext(ownContextPath(env));
  const found = own ?? (await readContext(await labContextOf('lab', env)));
  if (found === null) throw noServer(env);
  return { ...found, ...trust, token: token ?? found.token };
}

/** Where the person's own context is kept. */
export function ownContextPath(env: Environment): string {
  const configured = env['XDG_CONFIG_HOME'] ?? '';
  const home = env['HOME'] ?? homedir();
  return join(configured === '' ? join(home, '.config') : configured, 'bridgehead', 'context.json');
}

/** Loaded when it is wanted: most commands are told of a server by other means. */
async function labContextOf(name: string, env: Environment): Promise<string> {
  const { labContextPath } = await import('../lab/paths.ts');
  return labContextPath(name, env);
}

async function givenToken(options: AccessOptions, env: Environment): Promise<string | null> {
  if (options.token !== undefined) return options.token.trim();
  if (options.tokenFile !== undefined) {
    const text = await readText(options.tokenFile);
    if (text !== null && text.trim() !== '') return text.trim();
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `token file ${options.tokenFile} ${text === null ? 'does not exist' : 'is empty'}`,
      "The scheduler keeps its own in its data folder, file admin.token; give that file's path.",
    );
  }
  const fromEnvironment = env['BRIDGEHEAD_TOKEN']?.trim() ?? '';
  return fromEnvironment === '' ? null : fromEnvironment;
}

/** What is given as `--ca` and `--fingerprint`, or by the environment. */
async function givenTrust(
  options: AccessOptions,
  env: Environment,
): Promise<Pick<Access, 'trust'>> {
  const file = options.ca ?? env['BRIDGEHEAD_CA'] ?? '';
  const ca = file === '' ? null : await readText(file);
  if (file !== '' && ca?.includes('-----BEGIN CERTIFICATE-----') !== true) {
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${file} ${ca === null ? 'does not exist' : 'has no certificate in it'}`,
      "Give the authority's certificate in PEM: --ca. A server keeps its own in its data folder, file ca.pem.",
    );
  }
  const text = options.fingerprint ?? env['BRIDGEHEAD_FINGERPRINT'] ?? '';
  if (ca === null && text === '') return {};
  const fingerprint = text === '' ? null : fingerprintFrom(text);
  if (text === '' || fingerprint !== null) return { trust: { ca, fingerprint } };
  throw new BridgeheadError(
    'REQUEST_INVALID',
    `${text} is no SHA-256 of a certificate`,
    'Write its 64 hexadecimal digits, as the server logs them when it is ready: --fingerprint.',
  );
}

async function readContext(path: string): Promise<Omit<Access, 'trust'> | null> {
  const text = await readText(path);
  if (text === null) return null;
  const fault = (what: string) =>
    new BridgeheadError(
      'REQUEST_INVALID',
      `context file ${path} ${what}`,
      'It holds one JSON object: {"url": "http://HOST:PORT", "token": "TOKEN"}, or "urls" with several. Correct it, or give --server.',
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw fault(`is no JSON: ${(error as Error).message}`);
  }
  const { url, urls, token } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const [first, ...others] = Array.isArray(urls) ? (urls as readonly unknown[]) : [url];
  if (typeof first !== 'string') throw fault('names no url');
  if (!others.every((one) => typeof one === 'string')) throw fault('has urls that are no texts');
  if (token !== undefined && token !== null && typeof token !== 'string')
    throw fault('has a token that is no text');
  const more = others.length === 0 ? {} : { others };
  return { url: first, ...more, token: token ?? null, from: path };
}

/** The text of a file; null where there is none. */
async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new BridgeheadError(
      'REQUEST_INVALID',
      `${path} cannot be read: ${message}`,
      code === 'EACCES'
        ? 'Run the command as a user who may read it, or give --server and --token.'
        : 'Correct that, or give --server and --token.',
    );
  }
}

function noLab(name: string, path: string): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    `lab ${name} is not there: ${path} does not exist`,
    `Bring it up first: bridgehead lab up --name ${name}`,
  );
}

function noServer(env: Environment): BridgeheadError {
  return new BridgeheadError(
    'REQUEST_INVALID',
    'no server is known',
    `Give --server URL, or BRIDGEHEAD_SERVER, or {"url", "token"} in ${ownContextPath(env)}; for a fleet to try: bridgehead lab up`,
  );
}
