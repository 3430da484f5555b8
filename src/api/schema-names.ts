// What schemas are called in the OpenAPI document, and with that in whatever is generated from it.

import { z } from 'zod';
import {
  applyAnswer,
  capacityView,
  change,
  eventView,
  explainView,
  failoverView,
  hostView,
  instanceView,
  operationView,
  poolView,
  statusView,
} from '../protocol/api.ts';
import { bootView } from '../protocol/boot-views.ts';
import { crashGroupView } from '../protocol/crash-group-views.ts';
import { crashView } from '../protocol/crash-views.ts';
import { incidentItem, incidentView } from '../protocol/incident-views.ts';
import { logMessageView } from '../protocol/log-views.ts';
import { numbersView } from '../protocol/number-views.ts';
import { problem } from '../protocol/problem.ts';
import { errorBody, finding } from '../protocol/shapes.ts';
import { watchBeat, watchDelete, watchedInstance, watchPut } from '../protocol/watch-views.ts';

const names = {
  ApplyAnswer: applyAnswer,
  Boot: bootView,
  Capacity: capacityView,
  Change: change,
  Crash: crashView,
  CrashGroup: crashGroupView,
  ErrorBody: errorBody,
  Event: eventView,
  Explanation: explainView,
  Failover: failoverView,
  Finding: finding,
  Host: hostView,
  Incident: incidentView,
  IncidentItem: incidentItem,
  Instance: instanceView,
  LogMessage: logMessageView,
  Numbers: numbersView,
  Operation: operationView,
  Pool: poolView,
  Problem: problem,
  Status: statusView,
  WatchBeat: watchBeat,
  WatchDelete: watchDelete,
  WatchedInstance: watchedInstance,
  WatchPut: watchPut,
} as const;

/** The schemas of the document that have a name. */
export const schemaNames = z.registry<{ id: string }>();
for (const [id, schema] of Object.entries(names)) schemaNames.add(schema, { id });
