import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DesiredInstance } from '../domain/desired.ts';
import type { GatewayFact } from '../domain/model.ts';
import { systemClock } from '../system/clock.ts';
import { Gateways } from './gateways.ts';

const gateway = { bridge: 'br0', address: '198.18.0.1' };

function scene(wanted: readonly (typeof gateway & { vlan?: number })[]) {
  const answers: (boolean | null)[] = [];
  const changes: [GatewayFact, boolean | null][] = [];
  const desired = () =>
    [
      {
        addresses: wanted.map(({ bridge, address, vlan }) => ({
          ...{ bridge, gateway: address, vlan: vlan ?? null },
        })),
      },
    ] as unknown as readonly DesiredInstance[];
  const asked: string[] = [];
  const gateways = new Gateways({
    clock: systemClock,
    desired,
    ask: async (_, address) => {
      asked.push(address);
      return answers.shift() ?? null;
    },
    changed: (fact, before) => changes.push([fact, before]),
  });
  return { answers, asked, changes, gateways };
}

test('one missed question is not a lost gateway, three are; one answer is one found', async () => {
  const { answers, changes, gateways } = scene([gateway, gateway]);
  for (const heard of [true, false, false, true, false, false, false, false, true]) {
    answers.push(heard);
    await gateways.look();
  }
  assert.deepEqual(changes, [
    [{ ...gateway, answers: true }, null],
    [{ ...gateway, answers: false }, true],
    [{ ...gateway, answers: true }, false],
  ]);
  assert.deepEqual(gateways.facts, [{ ...gateway, answers: true }]);
});

test('nothing is said of a gateway that this host cannot ask, or that nothing here needs', async () => {
  const unable = scene([gateway]);
  unable.answers.push(null);
  await unable.gateways.look();
  assert.deepEqual([unable.gateways.facts, unable.changes], [[], []]);
  const wanted = [gateway];
  const left = scene(wanted);
  left.answers.push(true);
  await left.gateways.look();
  wanted.pop();
  await left.gateways.look();
  assert.deepEqual(left.gateways.facts, []);
  const inside = scene([{ ...gateway, vlan: 7 }]);
  await inside.gateways.look();
  assert.deepEqual(inside.asked, []);
});
