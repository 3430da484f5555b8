// Numbers of the instances on a host. They may be dropped: what is missing of one frame is in the next.

import { z } from 'zod';
import { countedMax } from '../numbers/counted.ts';
import { numberFields } from '../numbers/fields.ts';
import { instanceId } from './shapes.ts';

/** Longest name of a thing: the names of a proxy and a server, and the word for its kind. */
const keyMax = 600;
const instancesMax = 1_000;

/** A thing's name and its row. A newer agent may have more fields; they are at the end. */
const row = z.tuple([
  z.string().min(1).max(keyMax),
  z
    .array(z.number().min(0))
    .min(1)
    .max(2 * numberFields.length),
]);

export const numbersFrame = z.object({
  type: z.literal('numbers'),
  instances: z
    .array(
      z.object({
        instance: instanceId,
        /** The time in which it was counted. */
        spanMs: z.number().min(0),
        /** True where all rows are here; else those that counted nothing and changed nothing are not. */
        isWhole: z.boolean(),
        /** Things that were left out, for their number. */
        omitted: z.int().min(0),
        rows: z.array(row).max(countedMax),
      }),
    )
    .max(instancesMax),
});
export type NumbersFrame = z.infer<typeof numbersFrame>;
export type InstanceNumbers = NumbersFrame['instances'][number];
