// Users, logins, tokens and the audit log, as they travel.

import { z } from 'zod';
import { roles } from '../domain/access.ts';

const role = z.enum(roles);
const ownersMax = 100;
const name = z.string().min(1).max(63);
const owners = z.array(z.string().min(1).max(200)).min(1).max(ownersMax).nullable();
const password = z.string().min(1).max(1_024);

export const loginRequest = z
  .object({
    /** Left out only with an invitation that names its user. */
    user: name.optional(),
    password,
    /** In place of the password that there is: `password` is the new one. */
    invitation: z.string().max(200).optional(),
    /** Answer with a bearer token in place of a cookie; for programs, the command line among them. */
    bearer: z.boolean().default(false),
  })
  .strict();

/** Who the caller is, and what they may. */
export const sessionView = z.object({
  /** As it stands in operations and in the audit log. */
  name: z.string(),
  user: z.string().nullable(),
  role,
  /** Owners whose instances they see; null for all. */
  owners: z.array(z.string()).nullable(),
  via: z.enum(['file', 'token', 'login']),
  /** To be sent as `X-CSRF-Token` with each change; null where no cookie is used. */
  csrf: z.string().nullable(),
  /** When the login or token ends at the latest; null for never. */
  expiresMs: z.number().nullable(),
});
export type SessionView = z.infer<typeof sessionView>;

export const loginAnswer = sessionView.extend({
  /** Where one was asked for: what is sent as `Authorization: Bearer`. */
  token: z.string().nullable(),
});

/** Who vouches for people beside their passwords. */
export const providerView = z.object({
  /** What people know it by. */
  name: z.string(),
});

export const passwordRequest = z.object({ old: password, password }).strict();

export const invitationView = z.object({
  name: z.string(),
  /** Good once: `bridgehead login --invitation`. */
  invitation: z.string(),
  expiresMs: z.number(),
});

export const userView = z.object({
  name: z.string(),
  role,
  owners: z.array(z.string()).nullable(),
  isDisabled: z.boolean(),
  /** Whether they have chosen a password yet. */
  isInvited: z.boolean(),
  /** Issuer and subject of who comes in by the identity provider; null for who has a password. */
  subject: z.string().nullable(),
  createdMs: z.number(),
  createdBy: z.string(),
});
export type UserView = z.infer<typeof userView>;

export const addUserRequest = z.object({ name, role, owners: owners.default(null) }).strict();
export const changeUserRequest = z
  .object({ role: role.optional(), owners: owners.optional(), isDisabled: z.boolean().optional() })
  .strict();

const dayS = 86_400;

export const addTokenRequest = z
  .object({
    name,
    role,
    owners: owners.default(null),
    /** How long it is good, seconds. */
    lifeS: z
      .int()
      .min(60)
      .max(366 * dayS),
  })
  .strict();

export const tokenView = z.object({
  name: z.string(),
  role,
  owners: z.array(z.string()).nullable(),
  /** Whose it is; null for nobody's. */
  user: z.string().nullable(),
  createdMs: z.number(),
  createdBy: z.string(),
  expiresMs: z.number(),
  /** To the minute; null where it never was. */
  usedMs: z.number().nullable(),
});
export type TokenView = z.infer<typeof tokenView>;

/** The token itself is shown this once. */
export const newTokenView = tokenView.extend({ token: z.string() });

export const auditView = z.object({
  id: z.number(),
  atMs: z.number(),
  entry: z.object({
    result: z.enum(['asked', 'done', 'failed', 'refused']),
    of: z.number().nullable(),
    who: z.string(),
    via: z.string(),
    credential: z.string().nullable(),
    address: z.string(),
    route: z.string(),
    object: z.string().nullable(),
    status: z.number().nullable(),
    code: z.string().nullable(),
    details: z.record(z.string(), z.string()),
  }),
  previous: z.string(),
  hash: z.string(),
});
export type AuditView = z.infer<typeof auditView>;
