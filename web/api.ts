// Calls of the scheduler that served the page.

import { type ApiRequest, type Input, type OperationId, requestOf } from '../client/api.ts';
import { isAtLeast, type Role } from '../src/domain/access.ts';
import type { ErrorBody } from '../src/domain/errors.ts';
import type { SessionView } from '../src/protocol/access-views.ts';
import { Cell } from './cell.ts';

const timeoutMs = 15_000;
const tokenKey = 'bridgehead.token';
/** That there may be a login's cookie. */
const loginKey = 'bridgehead.login';

/** An answer that is an error, or none at all (`status` 0). */
export class CallError extends Error {
  readonly status: number;
  readonly code: string;
  readonly next: string;

  constructor(status: number, body: Pick<ErrorBody, 'message' | 'next'> & { code: string }) {
    super(body.message);
    this.status = status;
    this.code = body.code;
    this.next = body.next;
  }
}

/** Who has come in; null for nobody, undefined until that is known. */
export const me = new Cell<SessionView | null | undefined>(undefined);

/** Whether somebody has come in. */
export const isIn = new Cell(false);
me.listen(() => {
  isIn.value = me.value !== null && me.value !== undefined;
});

/** A token in place of a login: it stays in this tab, and is forgotten with it. */
let token = sessionStorage.getItem(tokenKey);

/** Finds out who has come in, by the cookie or the token that there is. @throws CallError */
export async function recognize(): Promise<void> {
  // The cookie is not for scripts to see; who has never come in here is not asked for.
  if (token === null && localStorage.getItem(loginKey) === null) {
    me.value = null;
    return;
  }
  try {
    me.value = await get<SessionView>(pathOf('getSession', {}));
  } catch (error) {
    if (!(error instanceof CallError) || error.status !== 401) throw error;
    leave();
  }
}

/** What a person shows at the door. */
export type Key =
  | { readonly token: string }
  | { readonly user?: string; readonly password: string; readonly invitation?: string };

/** Comes in. @throws CallError */
export async function logIn(key: Key): Promise<void> {
  if ('token' in key) {
    token = key.token;
    try {
      me.value = await get<SessionView>(pathOf('getSession', {}));
      sessionStorage.setItem(tokenKey, token);
    } catch (error) {
      token = null;
      throw error;
    }
  } else {
    me.value = await post<SessionView>(requestOf('postSession', { body: key }));
    localStorage.setItem(loginKey, 'yes');
  }
}

/** Name of the identity provider by which people come in; null for none. @throws CallError */
export async function providerName(): Promise<string | null> {
  const { provider } = await get<{ provider: { name: string } | null }>(
    pathOf('getSessionProvider', {}),
  );
  return provider?.name ?? null;
}

/** Goes to the identity provider, which sends people back to where they are now. */
export function goToProvider(): void {
  localStorage.setItem(loginKey, 'yes');
  const { pathname, search, hash } = location;
  location.assign(`/v1/session/begin?to=${encodeURIComponent(pathname + search + hash)}`);
}

/** Goes out: a login ends at the scheduler too. */
export async function logOut(): Promise<void> {
  try {
    if (me.value?.via === 'login') await post(requestOf('postSessionEnd', {}));
  } finally {
    leave();
  }
}

/** Whether who has come in may do what takes this role; of what is about hosts, `isFleet`. */
export function may(who: SessionView | null | undefined, least: Role, isFleet = false): boolean {
  if (who === null || who === undefined) return false;
  return isAtLeast(who.role, least) && (!isFleet || who.owners === null);
}

export { requestOf };

/** The path, with its query, of what is only asked for: by its name in the client made from the document. */
export function pathOf<Id extends OperationId>(id: Id, input: Input<Id>): string {
  return requestOf(id, input).path;
}

/** @throws CallError */
export function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return call('GET', path, signal === undefined ? {} : { signal });
}

/** Each request has a key of its own: repeated by the browser it begins nothing twice. @throws CallError */
export function post<Answer>({ method, path, body }: ApiRequest): Promise<Answer> {
  return call(method, path, { body: body ?? {} });
}

/** A stream of text that goes on until it is left. @throws CallError */
export async function open(
  path: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ReadableStream<BufferSource>> {
  const all = { ...proof(), ...headers };
  const response = await reach(path, { headers: all, signal, cache: 'no-store' });
  if (response.ok && response.body !== null) return response.body;
  throw await refusal(response);
}

async function call<Answer>(
  method: string,
  path: string,
  { body, signal }: { readonly body?: unknown; readonly signal?: AbortSignal },
): Promise<Answer> {
  const signals = [AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])];
  const csrf = me.value?.csrf ?? null;
  const change = {
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
    ...(csrf === null ? {} : { 'x-csrf-token': csrf }),
  };
  const response = await reach(path, {
    method,
    headers: { ...proof(), ...(body === undefined ? {} : change) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any(signals),
    cache: 'no-store',
  });
  if (!response.ok) throw await refusal(response);
  return (await response.json()) as Answer;
}

function proof(): Readonly<Record<string, string>> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

async function reach(path: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(path, options);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'no reason given';
    throw new CallError(0, {
      code: 'SERVER_UNREACHABLE',
      message: `the scheduler does not answer (${why})`,
      next: 'It is tried again by itself. Other schedulers of the fleet have this page too.',
    });
  }
}

/** What an answer that is an error says. Whoever is no longer known stands at the door again. */
async function refusal(response: Response): Promise<CallError> {
  const { status } = response;
  if (status === 401) leave();
  const answer: unknown = await response.json().catch(() => null);
  const body = (answer as { error?: Partial<ErrorBody> } | null)?.error;
  return new CallError(status, {
    code: body?.code ?? 'INTERNAL',
    message: body?.message ?? `the scheduler answered with status ${status}`,
    next: body?.next ?? 'See its log.',
  });
}

function leave(): void {
  sessionStorage.removeItem(tokenKey);
  localStorage.removeItem(loginKey);
  token = null;
  me.value = null;
}
