import { z } from 'zod';
import { errorBody } from './shapes.ts';

/** How an error is answered: problem details, RFC 9457. */
export const problem = z.object({
  /** Where the code is explained, below the API's own address. */
  type: z.string(),
  /** The code in words. */
  title: z.string(),
  status: z.int(),
  /** What happened, to which object. */
  detail: z.string(),
  code: errorBody.shape.code,
  /** What to do next, as a sentence. */
  next: z.string(),
  findings: errorBody.shape.findings,
  /** The same in the form that the command line prints with `-o json`. */
  error: errorBody,
});
export type Problem = z.infer<typeof problem>;
