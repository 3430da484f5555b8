// Two operators at the same moment: one is served, the other is told by whom it was beaten, and
// the address is never answered for by two hosts.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { OperationView } from '../../src/protocol/api.ts';
import { systemClock } from '../../src/system/clock.ts';
import { ArpWitness } from './arp-witness.ts';
import { labHosts, onlyOn } from './holders.ts';
import { LabClient, type MigrateAnswer } from './lab-client.ts';
import { LabUnderTest } from './lab-under-test.ts';
import { SecondOwner } from './second-owner.ts';

const rounds = Number(process.env['BRIDGEHEAD_TWIN_ROUNDS'] ?? 200);
const name = 'status-page';

let lab: LabUnderTest;
let client: LabClient;
before(async () => {
  lab = await LabUnderTest.up('t', 7186);
  client = await LabClient.of(lab.name);
});
after(() => lab?.[Symbol.asyncDispose]());

test('the witness sees a second owner, even at the same MAC, and none where there is none', async () => {
  const { addresses, host, mac } = await client.settled(name);
  const address = addresses[0]?.address ?? '';
  const other = labHosts.find((one) => one !== host) ?? '';
  {
    await using twin = await SecondOwner.on(lab, other, address, mac);
    const two = await watched(address);
    assert.equal(two.maxRepliesToOne, 2, `${twin.host}: ${JSON.stringify(two)}`);
    assert.deepEqual(two.doubleAnswered[0]?.macs, [mac, mac]);
  }
  const one = await watched(address);
  assert.equal(one.maxRepliesToOne, 1, JSON.stringify(one));
  assert.equal(one.answered, one.requests);
  const none = await watched('198.18.10.250');
  assert.equal(none.answered, 0);
});

test(`two migrations at once, ${rounds} rounds: one wins, the other names it`, async (context) => {
  const { addresses } = await client.settled(name);
  await using witness = await ArpWitness.start(lab.name, addresses[0]?.address ?? '');
  const wins = [0, 0];
  for (let round = 1; round <= rounds; round += 1) {
    const firstWins = await playRound(round);
    wins[firstWins ? 0 : 1]! += 1;
  }
  const { gratuitous, doubleAnswered, ...seen } = await witness.stop();
  context.diagnostic(
    JSON.stringify({ rounds, wins, ...seen, gratuitous: gratuitous.length, doubleAnswered }),
  );
  assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(doubleAnswered));
  assert.ok(seen.answered > rounds * 10, 'it was asked for all the time');
  assert.ok(gratuitous.length >= rounds, 'each new holder has announced itself');
});

async function watched(address: string): ReturnType<ArpWitness['stop']> {
  await using witness = await ArpWitness.start(lab.name, address);
  await systemClock.sleep(1_000);
  return witness.stop();
}

/** @returns true where the one that was sent first won */
async function playRound(round: number): Promise<boolean> {
  const start = await client.settled(name);
  const targets = labHosts.filter((host) => host !== start.host);
  const order = round % 2 === 0 ? targets : targets.toReversed();
  const answers = await Promise.all(
    order.map((to) => client.migrate(name, to, `round ${round}, to ${to}`)),
  );
  const migration = winnerOf(answers);
  const ended = await client.ended(migration.id);
  assert.equal(ended.state, 'done', `round ${round}: ${JSON.stringify(ended)}`);
  const end = await client.settled(name);
  assert.equal(end.host, String(ended.args['target']), `round ${round}`);
  assert.ok((end.epoch ?? 0) > (start.epoch ?? 0), `round ${round}: the epoch has grown`);
  assert.deepEqual(end.standbys, [], `round ${round}`);
  await onlyOn(lab, end, String(ended.args['target']));
  return order[0] === String(ended.args['target']);
}

function winnerOf(answers: readonly MigrateAnswer[]): OperationView {
  const said = JSON.stringify(answers);
  const [winner, second] = answers.filter((answer) => answer.isTaken);
  const [loser] = answers.filter((answer) => !answer.isTaken);
  assert.ok(winner !== undefined && second === undefined && loser !== undefined, said);
  assert.deepEqual([loser.status, loser.error.code], [409, 'BUSY'], said);
  const { id, who } = winner.operation;
  const { message } = loser.error;
  assert.ok(message.includes(id), `it does not name operation ${id}: ${said}`);
  assert.match(message, new RegExp(`\\bby ${who}\\b`), said);
  return winner.operation;
}
