import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { problem } from '../protocol/problem.ts';

/** Where routes are added; their handlers are typed by their zod schemas. */
export type Routes = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What every route may answer beside its own answer. */
export const failures = {
  '4xx': problem,
  '5xx': problem,
};

/** The header by which a request that is repeated is known again. */
export const keyed = z.looseObject({ 'idempotency-key': z.string().min(1).max(128).optional() });

/** The request's idempotency key, null where it has none. */
export function keyOf(headers: z.infer<typeof keyed>): string | null {
  return headers['idempotency-key'] ?? null;
}
