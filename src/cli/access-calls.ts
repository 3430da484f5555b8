// The part of the API client that is about people, tokens, and who did what.

import type { z } from 'zod';
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

/** Makes these functions of the client from its ways to ask. */
export function accessCalls({ ask, list, whole, act }: Requests): AccessCalls {
  return {
    login: (wanted) => ask('postSession', { body: { ...wanted, bearer: true } }, loginAnswer),
    logout: () => act('postSessionEnd', {}),
    whoami: () => ask('getSession', {}, sessionView),
    changePassword: (old, password) => act('postSessionPassword', { body: { old, password } }),
    users: () => whole('getUsers', userView),
    addUser: (name, grant) => ask('postUsers', { body: { name, ...grant } }, invitationView),
    inviteUser: (name) => ask('postUserInvite', { path: { name } }, invitationView),
    changeUser: (name, body) => ask('postUser', { path: { name }, body }, userView),
    removeUser: (name) => act('postUserRemove', { path: { name } }),
    tokens: () => whole('getTokens', tokenView),
    addToken: (name, grant) => ask('postTokens', { body: { name, ...grant } }, newTokenView),
    revokeToken: (name) => act('postTokenRevoke', { path: { name } }),
    revokeHost: (name, reason) =>
      ask('postHostRevoke', { path: { name }, body: { reason } }, hostView),
    audit: (limit, after) => list('getAudit', { query: { limit, after } }, auditView),
  };
}
