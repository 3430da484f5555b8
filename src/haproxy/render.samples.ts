// What the tests of this room render.

import type { PoolName } from '../domain/ids.ts';
import type { ServiceAddress } from '../domain/model.ts';

export const resources = { memoryMib: 128, cpus: 1.5, maxConnections: 2_000 };

export const addresses: readonly ServiceAddress[] = [
  serviceAddress('198.18.10.10'),
  serviceAddress('2001:db8::1'),
];

export function serviceAddress(address: string): ServiceAddress {
  const family = address.includes(':') ? 6 : 4;
  const pool = `public-v${family}` as PoolName;
  return { address, family, pool, prefix: 24, gateway: null, bridge: 'br0', vlan: null };
}

const timeouts = `  timeout connect 2s
  timeout client 2s
  timeout server 2s
`;

/** Configurations that HAProxy 2.6 and later accept once they are rendered. */
export const validConfigs: Readonly<Record<string, string>> = {
  plain: `defaults\n  mode http\n${timeouts}frontend web\n  bind :80\n  http-request return status 200\n`,
  'no line feed at the end': `defaults\n  mode http\n${timeouts}frontend web\n  bind :80`,
  'carriage returns':
    `defaults\n${timeouts}listen a\n  bind :80\n  server s 127.0.0.1:1\n`.replaceAll('\n', '\r\n'),
  'every kind of bind': `defaults
  mode http
${timeouts}frontend web # bind :1
\tbind\t:80,*:8000-8010,127.0.0.1:99 name "a b" # every bind :2
  bind :::443 v6only
  bind 0.0.0.0:443
  bind [2001:db8::1]:81
  bind :81
  bind ipv4@:82
  bind tcp6@[::]:83
  "bind" 'unix@/tmp/web' mode 600
  bi"nd" abns@web
  bind ::1:84
  http-request return status 200 content-type text/plain string "bind :80 # x"
`,
  'own global, peers, conditions': `global
  hard-stop-after 5s
  tune.bufsize 32768
defaults
  mode http
${timeouts}peers tables
  bind :1024
  server web
  server other 198.18.10.99:1024
.if version_atleast(2.4)
frontend web
  bind :80
.else
frontend web
  bind *:8080
.endif
  stick-table type ip size 1k expire 1m peers tables store http_req_rate(10s)
  http-request track-sc0 src
`,
  'the older way to name the local peer': `peers tables
  peer web :1024
  peer other 198.18.10.99:1024
defaults
${timeouts}listen web
  bind :80
  server s 127.0.0.1:1
`,
  'log forward': `log-forward syslog
  dgram-bind :514
  bind :514
  log 127.0.0.1:5140 local0
defaults
${timeouts}listen web
  bind :80
  server s 127.0.0.1:1
`,
};
