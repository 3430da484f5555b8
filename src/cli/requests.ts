import type { z } from 'zod';

/** A request whose answer is checked by a schema. */
export interface Requests {
  readonly get: <Answer>(path: string, schema: z.ZodType<Answer>) => Promise<Answer>;
  readonly post: <Answer>(
    path: string,
    schema: z.ZodType<Answer>,
    body?: unknown,
  ) => Promise<Answer>;
  /** One page. */
  readonly list: <Item>(path: string, item: z.ZodType<Item>) => Promise<readonly Item[]>;
  /** All pages. */
  readonly whole: <Item>(path: string, item: z.ZodType<Item>) => Promise<readonly Item[]>;
}
