// The ways in which the command asks the API: by the names of its operations, in the client that is made
// from the OpenAPI document. Answers are checked by the schemas that the server answers by.

import { z } from 'zod';
import {
  type Answer,
  type Input,
  type Loose,
  type OperationId,
  requestOf,
} from '../../client/api.ts';
import type { Call, Wanted } from './call.ts';

/** How a request is sent, beyond what it says. */
export type Sending = Pick<Wanted, 'key' | 'timeoutMs'>;

type ItemOf<Id extends OperationId> =
  Answer<Id> extends { readonly items: readonly (infer Item)[] } ? Loose<Item> : never;

/** Each rejects with BridgeheadError, as {@link Call} says. */
export interface Requests {
  /** An answer that is what the document says, at the least. */
  readonly ask: <Id extends OperationId, Checked extends Loose<Answer<Id>>>(
    id: Id,
    input: Input<Id>,
    schema: z.ZodType<Checked>,
    sending?: Sending,
  ) => Promise<Checked>;
  /** One page of a list. */
  readonly list: <Id extends OperationId, Item extends ItemOf<Id>>(
    id: Id,
    input: Input<Id>,
    item: z.ZodType<Item>,
  ) => Promise<readonly Item[]>;
  /** All pages of it. */
  readonly whole: <Id extends OperationId, Item extends ItemOf<Id>>(
    id: Id,
    item: z.ZodType<Item>,
  ) => Promise<readonly Item[]>;
  /** What is done and answered by a word about it. */
  readonly act: <Id extends OperationId>(id: Id, input: Input<Id>) => Promise<string>;
}

const done = z.object({ text: z.string() });

/** The ways to ask, over what sends a request. */
export function requestsBy(call: Call): Requests {
  const send = <Id extends OperationId, Checked>(
    id: Id,
    input: Input<Id> | { readonly query: { readonly cursor: string | undefined } },
    schema: z.ZodType<Checked>,
    sending: Sending = {},
  ) => {
    const { method, path, body } = requestOf(id, input as Input<Id>);
    const wanted = { method: method as Wanted['method'], path };
    return call(schema, { ...wanted, ...(body === undefined ? {} : { body }), ...sending });
  };
  return {
    ask: (id, input, schema, sending) => send(id, input, schema, sending),
    list: async (id, input, item) => {
      return (await send(id, input, z.object({ items: z.array(item) }))).items;
    },
    whole: async (id, item) => {
      // A server of before answers the whole, and has no next.
      const next = z.string().nullable().default(null);
      const page = z.object({ items: z.array(item), next });
      const read = (cursor?: string) => send(id, { query: { cursor } }, page);
      let last = await read();
      const all = [...last.items];
      while (last.next !== null) {
        last = await read(last.next);
        all.push(...last.items);
      }
      return all;
    },
    act: async (id, input) => (await send(id, input, done)).text,
  };
}
