import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FastifyInstance, fastify } from 'fastify';
import {
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { InstanceView } from '../protocol/api.ts';
import type { OverrideView, ServersView } from '../protocol/live-views.ts';
import { Fleet } from '../scheduler/test-fleet.ts';
import { viewInstance } from '../scheduler/views.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { liveRoutes } from './live-routes.ts';
import { errorOf, sendProblem } from './problem.ts';
import type { ApiParts } from './server.ts';
import { asAdministrator } from './test-access.ts';

let databases: TestDatabases;
let fleet: Fleet;
let api: FastifyInstance;

before(async () => {
  databases = await TestDatabases.start();
  fleet = await Fleet.serving(await databases.fresh());
  api = fastify();
  api.setValidatorCompiler(validatorCompiler);
  api.setSerializerCompiler(serializerCompiler);
  api.setErrorHandler((error, _, reply) => sendProblem(reply, errorOf(error)));
  asAdministrator(api);
  const parts: Partial<ApiParts> = {
    ...{ store: fleet.store, clock: systemClock, scheduler: fleet.scheduler },
  };
  liveRoutes(api.withTypeProvider<ZodTypeProvider>(), parts as ApiParts);
  await api.ready();
});

after(async () => {
  await api.close();
  await fleet[Symbol.asyncDispose]();
  await databases[Symbol.asyncDispose]();
});

const post = (path: string, payload: object) =>
  api.inject({ method: 'POST', url: `/v1/instances/web/${path}`, payload });
const get = (path: string) => api.inject({ url: `/v1/instances/web/${path}` });

test('a server is set, and shown with what is kept of it', async () => {
  const { source } = fleet.places();
  const body = { state: 'drain', address: '2001:DB8::0:5', keep: true, reason: 'disk' };
  const answer = await post('servers/api/s1', body);
  assert.deepEqual(
    [answer.statusCode, answer.json()],
    [200, { text: 'server api/s1: drain, address 2001:db8::5' }],
  );
  assert.deepEqual(source.liveChanges.at(-1), {
    ...{ kind: 'server', backend: 'api', server: 's1', state: 'drain' },
    ...{ weight: null, address: '2001:db8::5', port: null },
  });
  source.liveText =
    '1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_port\n4 api 1 s1 2001:db8::5 2 8 1 1 9 80\n';
  const [server] = (await get('servers')).json<ServersView>().items;
  assert.deepEqual(
    [server?.state, server?.address, server?.kept],
    ['drain', '2001:db8::5', 'drain, address 2001:db8::5'],
  );
  const source2 = await fleet.scheduler.viewSource();
  const view: InstanceView = viewInstance(source2, await fleet.instance());
  assert.deepEqual(view.kept, ['server api/s1: drain, address 2001:db8::5']);
  const { items } = (await get('overrides')).json<{ items: OverrideView[] }>();
  assert.deepEqual(
    items.map(({ what, text, who, reason }) => [what, text, who, reason]),
    [['server api/s1', 'drain, address 2001:db8::5', 'admin', 'disk']],
  );
  assert.equal((await post('overrides/remove', { what: 'server api/s1' })).statusCode, 200);
  assert.deepEqual((await get('overrides')).json(), { items: [] });
});

test('what could be another command is refused before anybody is asked', async () => {
  const { source } = fleet.places();
  const before = source.liveChanges.length;
  for (const bad of [
    'a;shutdown sessions server api',
    'a b',
    'a\nb',
    'a\\',
    '<<',
    '"a"',
    'é',
    '',
  ]) {
    const name = encodeURIComponent(bad);
    for (const [path, body] of [
      [`servers/api/${name}`, { state: 'drain' }],
      [`servers/${name}/s1`, { state: 'drain' }],
      ['servers/api/s1', { address: bad }],
      ['maps', { file: bad, key: 'k', value: 'v' }],
      ['maps', { file: '/f', key: bad, value: 'v' }],
      ['maps', { file: '/f', key: 'k', value: bad }],
      ['acls', { file: '/f', key: bad, isPresent: true }],
      [`tables/${name}/clear`, {}],
      ['tables/t/clear', { key: bad }],
    ] as const) {
      const { statusCode } = await post(path, body);
      assert.ok(
        statusCode === 400 || (bad === '' && statusCode === 404),
        `${path} ${bad}: ${statusCode}`,
      );
    }
    assert.notEqual((await get(`maps?file=${name}`)).statusCode, 200);
    assert.notEqual((await get(`tables/t?key=${name}`)).statusCode, 200);
  }
  assert.equal(source.liveChanges.length, before);
});

test('nothing to do, a state that is none, and half an entry are no requests', async () => {
  for (const [path, body] of [
    ['servers/api/s1', {}],
    ['servers/api/s1', { state: 'gone' }],
    ['servers/api/s1', { weight: 257 }],
    ['servers/api/s1', { port: 0 }],
    ['maps', { file: '/f', key: 'k', isPresent: true }],
    ['acls', { file: '/f', key: 'k', value: 'v' }],
  ] as const) {
    assert.equal((await post(path, body)).statusCode, 400, `${path} ${JSON.stringify(body)}`);
  }
});
