import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Clock } from '../domain/clock.ts';
import { BridgeheadError } from '../domain/errors.ts';
import type { HostName } from '../domain/ids.ts';
import type { Store } from '../store/store.ts';
import { TestDatabases } from '../store/test-database.ts';
import { systemClock } from '../system/clock.ts';
import { hostOfCertificate, newAgentRequest } from '../trust/authority.ts';
import { parseTicket } from '../trust/token.ts';
import { Membership } from './membership.ts';

let databases: TestDatabases;
before(async () => {
  databases = await TestDatabases.start();
});
after(() => databases[Symbol.asyncDispose]());

const refused = (error: unknown) =>
  error instanceof BridgeheadError && error.code === 'JOIN_REFUSED';

/** A clock whose wall can be put forward. */
function movable(): { readonly clock: Clock; forwardMs: number } {
  const state = { forwardMs: 0, clock: systemClock };
  state.clock = { ...systemClock, wallMs: () => systemClock.wallMs() + state.forwardMs };
  return state;
}

async function admit(membership: Membership, token: string): Promise<string | null> {
  const { id, secret } = parseTicket(token);
  const { csr } = await newAgentRequest();
  const { certificate } = await membership.admit(id, secret, csr);
  const der = Buffer.from(certificate.replaceAll(/-----.*?-----|\s/g, ''), 'base64');
  return hostOfCertificate(der);
}

async function names(store: Store): Promise<readonly string[]> {
  return (await store.transact((tx) => tx.fleet())).hosts.map(({ name }) => name);
}

test('a token lets in the host that it names, once', async () => {
  await using store = await databases.fresh();
  const membership = await Membership.open(store, systemClock);
  const { token } = await membership.newToken('host-7', 60, 'ann');
  assert.equal(await admit(membership, token), 'host-7');
  assert.deepEqual(await names(store), ['host-7']);
  await assert.rejects(admit(membership, token), refused);
});

test('two that come with the same token at once: one is let in', async () => {
  await using store = await databases.fresh();
  const membership = await Membership.open(store, systemClock);
  const { token } = await membership.newToken('host-7', 60, 'ann');
  const tries = await Promise.allSettled([admit(membership, token), admit(membership, token)]);
  assert.deepEqual(tries.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
});

test('a token that has run out, or with another secret, lets nobody in and is gone', async () => {
  await using store = await databases.fresh();
  const state = movable();
  const membership = await Membership.open(store, state.clock);
  const late = await membership.newToken('host-7', 60, 'ann');
  state.forwardMs = 61_000;
  await assert.rejects(admit(membership, late.token), refused);
  const { token } = await membership.newToken('host-8', 60, 'ann');
  const wrong = token.replace(/\.[\w-]{43}\./, `.${'A'.repeat(43)}.`);
  await assert.rejects(admit(membership, wrong), refused);
  await assert.rejects(admit(membership, token), refused, 'a wrong guess uses it up');
  assert.deepEqual(await names(store), []);
});

test('all schedulers on a store are of one fleet', async () => {
  await using store = await databases.fresh();
  const [first, second] = await Promise.all([
    Membership.open(store, systemClock),
    Membership.open(store, systemClock),
  ]);
  assert.equal(first.authority.certificate, second.authority.certificate);
});

test('a certificate is renewed for a host of the fleet only', async () => {
  await using store = await databases.fresh();
  const membership = await Membership.open(store, systemClock);
  const { csr } = await newAgentRequest();
  await assert.rejects(
    membership.renew({ host: 'gone' as HostName, serial: '01' }, csr),
    (error) => error instanceof BridgeheadError && error.code === 'NOT_FOUND',
  );
});

test('a host that joins again keeps what the spec said of it', async () => {
  await using store = await databases.fresh();
  const membership = await Membership.open(store, systemClock);
  const name = 'host-7' as HostName;
  await store.transact((tx) =>
    tx.putHost({ name, zone: 'north', rack: 'r1', labels: {}, capacity: null }),
  );
  const { token } = await membership.newToken(name, 60, 'ann');
  await admit(membership, token);
  assert.equal((await store.transact((tx) => tx.fleet())).hosts[0]?.zone, 'north');
});
