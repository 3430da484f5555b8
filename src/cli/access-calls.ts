// The part of the API client that is about people, tokens, and who did what.

import { z } from 'zod';
import type { Role } from '../domain/access.ts';
import {
  type AuditView,
  auditView,
  invitationView,
  loginAnswer,
  newTokenView,
  type SessionView,
  sessionView,
  type TokenView,
  tokenView,
  type UserView,
  userView,
} from '../protocol/access-views.ts';
import { type HostView, hostView } from '../protocol/api.ts';
import type { Requests } from './requests.ts';

export interface Grant {
  readonly role: Role;
  /** Owners whose instances they see; null for all. */
  readonly owners: readonly string[] | null;
}

export interface AccessCalls {
  readonly login: (wanted: {
    readonly user: string | undefined;
    readonly password: string;
    readonly invitation: string | undefined;
  }) => Promise<z.infer<typeof loginAnswer>>;
  readonly logout: () => Promise<string>;
  readonly whoami: () => Promise<SessionView>;
  readonly changePassword: (old: string, password: string) => Promise<string>;
  readonly users: () => Promise<readonly UserView[]>;
  readonly addUser: (name: string, grant: Grant) => Promise<z.infer<typeof invitationView>>;
  readonly inviteUser: (name: string) => Promise<z.infer<typeof invitationView>>;
  readonly changeUser: (
    name: string,
    change: Partial<Grant> & { readonly isDisabled?: boolean },
  ) => Promise<UserView>;
  readonly removeUser: (name: string) => Promise<string>;
  readonly tokens: () => Promise<readonly TokenView[]>;
  readonly addToken: (
    name: string,
    grant: Grant & { readonly lifeS: number },
  ) => Promise<z.infer<typeof newTokenView>>;
  readonly revokeToken: (name: string) => Promise<string>;
  readonly revokeHost: (host: string, reason: string) => Promise<HostView>;
  /** Those after an id, in their order; the newest where none is given. */
  readonly audit: (limit: number, after?: number) => Promise<readonly AuditView[]>;
}

const done = z.object({ text: z.string() });

export function accessCalls({ get, post, list, whole }: Requests): AccessCalls {
  const act = (path: string, body?: unknown) => post(path, done, body).then(({ text }) => text);
  const user = (name: string) => `/v1/users/${encodeURIComponent(name)}`;
  return {
    login: (wanted) => post('/v1/session', loginAnswer, { ...wanted, bearer: true }),
    logout: () => act('/v1/session/end'),
    whoami: () => get('/v1/session', sessionView),
    changePassword: (old, password) => act('/v1/session/password', { old, password }),
    users: () => whole('/v1/users', userView),
    addUser: (name, grant) => post('/v1/users', invitationView, { name, ...grant }),
    inviteUser: (name) => post(`${user(name)}/invite`, invitationView),
    changeUser: (name, change) => post(user(name), userView, change),
    removeUser: (name) => act(`${user(name)}/remove`),
    tokens: () => whole('/v1/tokens', tokenView),
    addToken: (name, grant) => post('/v1/tokens', newTokenView, { name, ...grant }),
    revokeToken: (name) => act(`/v1/tokens/${encodeURIComponent(name)}/revoke`),
    revokeHost: (host, reason) =>
      post(`/v1/hosts/${encodeURIComponent(host)}/revoke`, hostView, { reason }),
    audit: (limit, after) =>
      list(`/v1/audit?limit=${limit}${after === undefined ? '' : `&after=${after}`}`, auditView),
  };
}
