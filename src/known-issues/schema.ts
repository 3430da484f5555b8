// The format of files of known issues. Read where a file comes from outside, and by the lint; those
// that come with the program have passed it in the tests, and start without it.

import { z } from 'zod';
import { parsePattern } from './pattern.ts';

const text = (max: number) => z.string().trim().min(1).max(max);
const symbol = z
  .string()
  .regex(/^[A-Za-z_][\w$]{0,127}$/, 'must be a function, without offset and suffix');
const pattern = z.string().check((context) => {
  try {
    parsePattern(context.value);
  } catch (error) {
    context.issues.push({
      code: 'custom',
      message: `pattern ${error instanceof Error ? error.message : String(error)}`,
      input: context.value,
    });
  }
});
const release = z.string().regex(/^\d[\w.+~:-]{0,63}$/, 'must be a release');
const fixed = z
  .string()
  .regex(/^(?:unknown|never|\d[\w.+~:-]{0,63})$/, 'must be a release, unknown or never');

const kinds = [
  'null-dereference',
  'paging-request',
  'general-protection-fault',
  'trap',
  'stack-overflow',
  'bug',
  'warning',
  'panic',
  'soft-lockup',
  'hard-lockup',
  'hung-task',
  'rcu-stall',
  'oom-kill',
  'list-corruption',
  'slab-corruption',
  'kasan',
  'kcsan',
  'ubsan',
  'kmsan',
  'kfence',
  'lockdep',
  'machine-check',
  'unregister-netdevice',
  'atomic-schedule',
  'memory-leak',
  'filesystem-shutdown',
  'driver-failure',
  'reboot',
  'other',
] as const;

const besideLine = new Set(['line', 'certainty']);
const signature = z
  .strictObject({
    certainty: z.enum(['likely', 'possible']).optional(),
    kinds: z.array(z.enum(kinds)).min(1).max(12).optional(),
    functions: z.array(symbol).min(1).max(20).optional(),
    frames: z.array(symbol).min(1).max(8).optional(),
    modules: z
      .array(z.string().regex(/^[\w-]{1,64}$/))
      .min(1)
      .max(8)
      .optional(),
    title: pattern.optional(),
    messages: z.array(pattern).min(1).max(6).optional(),
    line: pattern.optional(),
  })
  .refine(
    (given) =>
      (given.line === undefined) === Object.keys(given).some((key) => !besideLine.has(key)),
    'has either line, alone, or what a report has to look like',
  )
  .refine(
    ({ line, functions, frames, title, messages }) =>
      [line, functions, frames, title, messages].some((part) => part !== undefined),
    'needs more than kinds and modules: functions, frames, title or messages',
  );

const releaseLine = z
  .strictObject({
    of: z.enum(['mainline', 'stable', 'debian', 'ubuntu', 'rhel', 'sles', 'amazon']),
    branch: z
      .string()
      .regex(/^\d[\d.-]{0,31}$/, 'must be the beginning of a release')
      .optional(),
    introduced: z.union([release, z.literal('unknown')]).optional(),
    fixed,
    alsoFixed: z.array(release).min(1).max(20).optional(),
    upgrade: text(300).optional(),
    note: text(600).optional(),
  })
  .refine(
    ({ of, branch }) => (of === 'mainline') === (branch === undefined),
    'mainline has no branch, and all else has one',
  );

export const issueSchema = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{2,63}$/, 'must be lower-case letters, digits and dashes'),
  title: text(160),
  kind: z.enum(['bug', 'symptom', 'noise']),
  what: text(1200),
  signatures: z.array(signature).min(1).max(12),
  releases: z.array(releaseLine).max(60),
  conditions: z
    .array(
      z.strictObject({
        about: z.enum([
          'driver',
          'driver-version',
          'firmware',
          'uptime',
          'clock-source',
          'setting',
          'hardware',
          'software',
          'load',
        ]),
        says: text(400),
        uptimeDaysMin: z.number().positive().max(100_000).optional(),
      }),
    )
    .min(1)
    .max(8)
    .optional(),
  commits: z
    .array(z.string().regex(/^[0-9a-f]{7,40}$/))
    .min(1)
    .max(12)
    .optional(),
  cve: z
    .string()
    .regex(/^CVE-\d{4}-\d{4,7}$/)
    .optional(),
  sources: z
    .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }), says: text(600) }))
    .min(1, 'needs a source')
    .max(20),
  advice: text(1200),
  examples: z
    .array(z.array(z.string().min(1).max(2048)).min(1).max(120))
    .min(1, 'needs an example')
    .max(12),
});

export const fileSchema = z.strictObject({
  subject: text(80),
  issues: z.array(issueSchema).min(1).max(500),
});
