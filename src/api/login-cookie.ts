// The cookies of those who come in by a browser.

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { NewLogin } from '../access/desk.ts';

type Reply = Pick<FastifyReply, 'header'>;

/** The cookie that a login is kept in. A browser holds `__Host-` to TLS and to this very host. */
export function loginCookie(request: FastifyRequest): string {
  return request.protocol === 'https' ? '__Host-bridgehead' : 'bridgehead';
}

/** What a browser that goes to the identity provider brings back. */
export function journeyCookie(request: FastifyRequest): string {
  return `${loginCookie(request)}-journey`;
}

/** Values of the cookies of a name in a `Cookie` header. */
export function cookiesOf(header: string | undefined, name: string): readonly string[] {
  const all = (header ?? '').split(/; ?/).filter((one) => one.startsWith(`${name}=`));
  return all.map((one) => one.slice(name.length + 1));
}

/** Has the browser keep a login. */
export function keepLogin(request: FastifyRequest, reply: Reply, login: NewLogin): void {
  const lifeS = Math.floor((login.expiresMs - login.createdMs) / 1_000);
  set(reply, loginCookie(request), login.word, 'Strict', lifeS);
}

/** Has the browser forget its login. */
export function loseLogin(request: FastifyRequest, reply: Reply): void {
  set(reply, loginCookie(request), '', 'Strict', 0);
}

/** For the way to the provider and back. Lax: a browser sends it although another site sends it here. */
export function keepJourney(
  request: FastifyRequest,
  reply: Reply,
  word: string,
  lifeS: number,
): void {
  set(reply, journeyCookie(request), word, 'Lax', lifeS);
}

/** Whoever is back brings it once. */
export function loseJourney(request: FastifyRequest, reply: Reply): void {
  set(reply, journeyCookie(request), '', 'Lax', 0);
}

// Fastify gathers the cookies of one answer.
function set(
  reply: Reply,
  name: string,
  value: string,
  sameSite: 'Strict' | 'Lax',
  lifeS: number,
): void {
  const flags = `HttpOnly; Secure; SameSite=${sameSite}; Path=/; Max-Age=${lifeS}`;
  reply.header('set-cookie', `${name}=${value}; ${flags}`);
}
