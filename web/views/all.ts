// Which view a place shows.

import { type Children, html } from '../html.ts';
import { Empty } from '../parts/panel.ts';
import type { Route } from '../route.ts';
import { AccessPage } from './access.ts';
import { CapacityPage } from './capacity.ts';
import { CrashesPage, CrashPage } from './crashes.ts';
import { FleetPage } from './fleet.ts';
import { HostPage } from './host.ts';
import { IncidentPage } from './incident.ts';
import { IncidentsPage } from './incidents.ts';
import { InstancePage } from './instance.ts';
import { LogsPage } from './logs.ts';
import { OperationPage, OperationsPage } from './operations.ts';
import { PoolsPage } from './pools.ts';

/** A view and what the tab is called with it. */
export interface Shown {
  readonly title: string;
  readonly view: Children;
}

const whole: Readonly<Record<string, () => Shown>> = {
  '': () => ({ title: 'Fleet', view: html`<${FleetPage} />` }),
  operations: () => ({ title: 'Operations', view: html`<${OperationsPage} />` }),
  incidents: () => ({ title: 'Incidents', view: html`<${IncidentsPage} />` }),
  crashes: () => ({ title: 'Crashes', view: html`<${CrashesPage} />` }),
  logs: () => ({ title: 'Logs', view: html`<${LogsPage} />` }),
  pools: () => ({ title: 'Pools', view: html`<${PoolsPage} />` }),
  access: () => ({ title: 'Access', view: html`<${AccessPage} />` }),
  capacity: () => ({ title: 'What if', view: html`<${CapacityPage} />` }),
};

const named: Readonly<Record<string, (name: string) => Shown>> = {
  hosts: (name) => ({ title: name, view: html`<${HostPage} name=${name} />` }),
  instances: (name) => ({ title: name, view: html`<${InstancePage} name=${name} />` }),
  operations: (id) => ({ title: 'Operation', view: html`<${OperationPage} id=${id} />` }),
  incidents: (id) => ({ title: `Incident ${id}`, view: html`<${IncidentPage} id=${id} />` }),
  crashes: (id) => ({ title: 'Crash', view: html`<${CrashPage} id=${id} />` }),
};

export function viewOf({ parts }: Route): Shown {
  const [place = '', name] = parts;
  const shown = name === undefined ? whole[place]?.() : named[place]?.(name);
  if (shown !== undefined) return shown;
  const view = html`<h1>There is no such page</h1><${Empty}>Press / to find a host, an instance or an address.<//>`;
  return { title: 'Not found', view };
}
