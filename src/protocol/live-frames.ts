// Live control: what is shown of a running HAProxy and changed in it, without a reload.

import { z } from 'zod';
import { liveChange, patternFile, patternWord, proxyName } from './override-shapes.ts';
import { epoch, instanceId } from './shapes.ts';

/** What is to be shown: `servers`, `maps`, `acls`, `tables` take no name, the others one. */
export const liveSubject = z.discriminatedUnion('what', [
  z.object({ what: z.enum(['servers', 'maps', 'acls', 'tables']) }),
  z.object({ what: z.enum(['map', 'acl']), of: patternFile }),
  z.object({ what: z.literal('table'), of: proxyName, key: patternWord.nullable() }),
]);
export type LiveSubject = z.infer<typeof liveSubject>;

/** Show it as the HAProxy of the instance says it now. */
export const liveShow = z.object({
  kind: z.literal('live-show'),
  instance: instanceId,
  epoch,
  subject: liveSubject,
});
/** Change it, and say whether HAProxy shows it so. Refused unless `epoch` is that of the grant. */
export const liveSet = z.object({
  kind: z.literal('live-set'),
  instance: instanceId,
  epoch,
  change: liveChange,
});
export type LiveRequest = z.infer<typeof liveShow> | z.infer<typeof liveSet>;

/** HAProxy's own answer; made into records by whoever asked. */
export const liveShown = z.object({ text: z.string() });
