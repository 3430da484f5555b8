import { z } from 'zod';
import { canonicalAddress } from '../domain/address.ts';
import { BridgeheadError } from '../domain/errors.ts';
import { changeText, type LiveChange, overrideName } from '../domain/live.ts';
import { shownFile } from '../haproxy/attachments.ts';
import {
  readEntries,
  readPatternFiles,
  readServers,
  readTableEntries,
  readTables,
} from '../haproxy/live-commands.ts';
import {
  clearRequest,
  entriesView,
  entryRequest,
  forgetRequest,
  overrideView,
  patternFilesView,
  serverRequest,
  serversView,
  tablesView,
  tableView,
} from '../protocol/live-views.ts';
import { patternFile, patternWord, proxyName } from '../protocol/override-shapes.ts';
import { instanceName } from '../protocol/shapes.ts';
import { Live } from '../scheduler/live.ts';
import { failures, type Routes } from './routes.ts';
import type { ApiParts } from './server.ts';

/** Entries of a map, ACL or table that an answer has at most. */
const entriesMax = 5_000;
const named = z.object({ name: instanceName });
/** What was done, in words. */
const done = { 200: z.object({ text: z.string() }), ...failures };

/** Running HAProxys: what they show, and what is changed in them without a reload. */
export function liveRoutes(routes: Routes, { store, clock, scheduler }: ApiParts): void {
  const live = new Live({ store, clock, agents: scheduler.agents, push: () => scheduler.push() });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/servers',
    schema: {
      summary: 'The servers of a running instance, as HAProxy has them now',
      params: named,
      response: { 200: serversView, ...failures },
    },
    handler: async ({ params: { name } }) => {
      const text = await live.show(name, { what: 'servers' });
      const kept = new Map(
        (await live.kept(name)).map(({ override }) => [overrideName(override), override] as const),
      );
      const items = readServers(text).map((one) => {
        const own = kept.get(`server ${one.backend}/${one.server}`);
        return { ...one, kept: own === undefined ? null : wordsOf(changeText(own)) };
      });
      return { items };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/servers/:backend/:server',
    schema: {
      summary: 'Set the state, weight or address of a server in a running instance',
      params: named.extend({ backend: proxyName, server: proxyName }),
      body: serverRequest,
      response: done,
    },
    handler: async ({ params: { name, backend, server }, body, principal: { name: who } }) => {
      const { state = null, weight = null, port = null, reason, keep: isKept } = body;
      const address = body.address === undefined ? null : canonicalAddress(body.address);
      if (body.address !== undefined && address === null) {
        throw invalid(`${body.address} is no address`, 'Give an IPv4 or IPv6 address.');
      }
      if (state === null && weight === null && port === null && address === null) {
        throw invalid('nothing is to be changed', 'Give a state, a weight, an address or a port.');
      }
      const change = { kind: 'server', backend, server, state, weight, address, port } as const;
      await live.change(name, change, { who, reason, isKept });
      return { text: changeText(change) };
    },
  });
  for (const kind of ['map', 'acl'] as const) {
    routes.route({
      method: 'GET',
      url: `/v1/instances/:name/${kind}s`,
      schema: {
        summary: `The ${kind}s of a running instance, or the entries of one`,
        params: named,
        querystring: z.object({ file: patternFile.optional() }),
        response: { 200: z.union([entriesView, patternFilesView]), ...failures },
      },
      handler: async ({ params: { name }, query: { file } }) => {
        if (file === undefined) {
          const text = await live.show(name, { what: `${kind}s` });
          const files = readPatternFiles(text);
          return { items: files.map((one) => ({ ...one, file: shownFile(one.file) })) };
        }
        const all = readEntries(await live.show(name, { what: kind, of: file }));
        return { isCut: all.length > entriesMax, items: all.slice(0, entriesMax) };
      },
    });
    routes.route({
      method: 'POST',
      url: `/v1/instances/:name/${kind}s`,
      schema: {
        summary: `Add or delete an entry of a ${kind} in a running instance`,
        params: named,
        body: entryRequest,
        response: done,
      },
      handler: async ({ params: { name }, body, principal: { name: who } }) => {
        const { reason, keep: isKept } = body;
        const change = entryChange(kind, body);
        await live.change(name, change, { who, reason, isKept });
        return { text: changeText(change) };
      },
    });
  }
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/tables',
    schema: {
      summary: 'The stick tables of a running instance',
      params: named,
      response: { 200: tablesView, ...failures },
    },
    handler: async ({ params: { name } }) => ({
      items: readTables(await live.show(name, { what: 'tables' })),
    }),
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/tables/:table',
    schema: {
      summary: 'The entries of a stick table, or the one of a key',
      params: named.extend({ table: proxyName }),
      querystring: z.object({ key: patternWord.optional() }),
      response: { 200: tableView, ...failures },
    },
    handler: async ({ params: { name, table }, query: { key = null } }) => {
      const all = readTableEntries(await live.show(name, { what: 'table', of: table, key }));
      return { isCut: all.length > entriesMax, items: all.slice(0, entriesMax) };
    },
  });
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/tables/:table/clear',
    schema: {
      summary: 'Clear a stick table, or the entry of a key',
      params: named.extend({ table: proxyName }),
      body: clearRequest,
      response: done,
    },
    handler: async ({
      params: { name, table },
      body: { key, reason },
      principal: { name: who },
    }) => {
      const change = { kind: 'table', table, key } as const;
      await live.change(name, change, { who, reason, isKept: false });
      return { text: changeText(change) };
    },
  });
  routes.route({
    method: 'GET',
    url: '/v1/instances/:name/overrides',
    schema: {
      summary: 'What is kept of changes that were made while an instance ran',
      params: named,
      response: { 200: z.object({ items: z.array(overrideView) }), ...failures },
    },
    handler: async ({ params: { name } }) => ({
      items: (await live.kept(name)).map(({ override, ...rest }) => ({
        ...{ what: overrideName(override), text: wordsOf(changeText(override)), override, ...rest },
      })),
    }),
  });
  routes.route({
    method: 'POST',
    url: '/v1/instances/:name/overrides/remove',
    schema: {
      summary: 'Keep something no longer: the next load has the configuration alone',
      params: named,
      body: forgetRequest,
      response: done,
    },
    handler: async ({ params: { name }, body: { what, reason }, principal: { name: who } }) => {
      await live.forget(name, what, { who, reason });
      return { text: `${what}: kept no longer` };
    },
  });
}

function entryChange(kind: 'map' | 'acl', body: z.infer<typeof entryRequest>): LiveChange {
  const { file, key, value, isPresent } = body;
  if (kind === 'map' && value !== undefined) return { kind, file, key, value };
  if (kind === 'acl' && isPresent !== undefined) return { kind, file, key, isPresent };
  throw invalid(
    'what is to be done is not said',
    'Give a map\'s "value", or an ACL\'s "isPresent".',
  );
}

/** `server api/s1: drain` without its name. */
function wordsOf(text: string): string {
  return text.slice(text.indexOf(': ') + 2);
}

function invalid(message: string, next: string): BridgeheadError {
  return new BridgeheadError('REQUEST_INVALID', message, next);
}
