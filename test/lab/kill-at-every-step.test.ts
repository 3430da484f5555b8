// The scheduler is killed without warning at every step of a migration in turn. The next one ends
// what it left, one host at most answers all the while, and nothing acknowledged is lost.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before as beforeAll, suite, test } from 'node:test';
import type pg from 'pg';
import { viewLab } from '../../src/lab/lab-handle.ts';
import { findPart } from '../../src/lab/processes.ts';
import type { OperationView } from '../../src/protocol/api.ts';
import type { ArpSummary } from './arp-tally.ts';
import { ArpWitness } from './arp-witness.ts';
import { labHosts, onlyOn } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { eventually, exampleFile, LabUnderTest } from './lab-under-test.ts';
import {
  embeddedDatabase,
  locked,
  migrationSteps,
  operationEnds,
  sharedDatabase,
  stepBegins,
  unfinished,
} from './operation-journal.ts';
import { aloneIn, holdBefore, type StopPlace, tellAfter } from './stop-point.ts';

const name = 'status-page';
/** Another instance, changed just before each kill. */
const changedName = 'shop-api';

/** A way to run a scheduler and its store. */
interface Setup {
  readonly title: string;
  readonly prefix: string;
  readonly port: number;
  /** What `lab up` gets beside name and port. */
  readonly upArguments: readonly string[];
  readonly connect: (lab: LabUnderTest) => Promise<pg.Client>;
  /** Whether another scheduler is there, to end what the killed one left. */
  readonly hasOther: boolean;
}

const setups: readonly Setup[] = [
  {
    title: 'with the embedded PostgreSQL',
    prefix: 'e',
    port: 7188,
    upArguments: [],
    connect: (lab) => embeddedDatabase(lab.name),
    hasOther: false,
  },
  {
    title: 'with a PostgreSQL of yours and a second scheduler',
    prefix: 'p',
    port: 7194,
    upArguments: ['--schedulers', '2'],
    connect: (lab) => sharedDatabase(lab.name),
    hasOther: true,
  },
];

interface Stop {
  readonly title: string;
  /** True where the scheduler is held before the write commits; false where it is killed right after. */
  readonly isHeld: boolean;
  readonly place: (source: string, target: string) => StopPlace;
}

const before = 'before this is on record:';

/**
 * Each step at work, its beginning being on record; each step with its work done and the next one's
 * beginning not on record; and each write of a step's own before it is.
 */
const stops: readonly Stop[] = [
  ...migrationSteps.flatMap((step) => [
    { title: `${before} ${step} begins`, isHeld: true, place: () => stepBegins(step) },
    { title: `at ${step}`, isHeld: false, place: () => stepBegins(step) },
  ]),
  {
    title: `${before} the standby is ordered`,
    isHeld: true,
    place: (_, target) => ({
      table: 'standbys',
      condition: `tg_op = 'INSERT' and new.host = '${target}'`,
    }),
  },
  {
    title: `${before} the grant is taken back`,
    isHeld: true,
    place: () => ({ table: 'assignments', condition: 'not new.granted' }),
  },
  {
    title: `${before} the target is granted`,
    isHeld: true,
    place: (_, target) => ({
      table: 'assignments',
      condition: `new.granted and new.host = '${target}'`,
    }),
  },
  {
    title: `${before} the source is dismissed`,
    isHeld: true,
    place: (source) => ({
      table: 'standbys',
      condition: `tg_op = 'DELETE' and old.host = '${source}'`,
    }),
  },
  { title: `${before} the end`, isHeld: true, place: () => operationEnds },
];

for (const setup of setups) {
  suite(`the scheduler is killed ${setup.title}`, () => {
    let lab: LabUnderTest;
    let client: LabClient;
    let database: pg.Client;
    beforeAll(async () => {
      lab = await LabUnderTest.up(setup.prefix, setup.port, ...setup.upArguments);
      client = await LabClient.of(lab.name);
      database = await setup.connect(lab);
    });
    after(async () => {
      await database?.end();
      await lab?.[Symbol.asyncDispose]();
    });

    for (const stop of stops) {
      test(stop.title, async (context) => {
        const { ended, seen } = await killedAt(stop);
        const { requests, answered, maxRepliesToOne, longestSilenceMs } = seen;
        const figures = { requests, answered, maxRepliesToOne, longestSilenceMs };
        context.diagnostic(JSON.stringify({ outcome: ended.state, ...figures }));
      });
    }

    async function begun(target: string, reason: string): Promise<OperationView> {
      const answer = await client.migrate(name, target, reason);
      assert.ok(answer.isTaken, JSON.stringify(answer));
      return answer.operation;
    }

    async function killedAt(stop: Stop): Promise<{ ended: OperationView; seen: ArpSummary }> {
      const start = await client.settled(name);
      const address = start.addresses[0]?.address ?? '';
      const target = labHosts[(labHosts.findIndex((one) => one === start.host) + 1) % 3] ?? '';
      await using witness = await ArpWitness.start(lab.name, address);
      const scheduler = schedulerPid(lab.name);
      const text = await specWithNotes(stop.title);
      const change = async () => assert.equal(await client.apply(text), 200);
      const set = stop.isHeld ? holdBefore : tellAfter;
      if (!stop.isHeld) await change();
      await using point = await set(database, stop.place(start.host, target));
      const beginning = begun(target, stop.title);
      const reaching = point.reached().catch(async () => {
        const { id: one } = await beginning;
        assert.fail(`not reached: ${JSON.stringify(await client.operation(one))}`);
      });
      const [{ id }] = await Promise.all([beginning, reaching]);
      if (stop.isHeld) await change();
      process.kill(scheduler, 'SIGKILL');
      await point.lift();
      await aloneIn(database, scheduler);
      assert.deepEqual(await unfinished(database), [id], 'it was left unfinished');
      if (setup.hasOther) {
        await eventually(async () => assert.deepEqual(await unfinished(database), []), 60_000);
      }
      const killedMs = Date.now();
      const up = await lab.bringUp(...setup.upArguments);
      assert.equal(up.code, 0, up.stdout + up.stderr);
      // Until an agent has come back, its host looks ready by its last word before the kill.
      await client.heardOfAll(killedMs);
      const ended = await client.ended(id);
      const home = ended.state === 'done' ? target : start.host;
      const end = await client.settled(name);
      assert.equal(end.host, home, JSON.stringify(ended));
      assert.ok((end.epoch ?? 0) > (start.epoch ?? 0), 'the epoch has grown');
      assert.deepEqual(end.standbys, []);
      await onlyOn(lab, end, home);
      await lab.fetch(address);
      await eventually(async () => {
        assert.deepEqual(await unfinished(database), []);
        assert.deepEqual(await locked(database), []);
      });
      assert.equal((await client.instance(changedName)).notes, stop.title, 'the change is lost');
      const seen = await witness.stop();
      assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(seen.doubleAnswered));
      return { ended, seen };
    }
  });
}

function schedulerPid(labName: string): number {
  const { state, parts } = viewLab({ name: labName });
  const found = parts.schedulers[0] === undefined ? null : findPart(state.id, parts.schedulers[0]);
  assert.ok(found !== null, 'no scheduler runs');
  return found.pid;
}

async function specWithNotes(notes: string): Promise<string> {
  const text = await readFile(exampleFile, 'utf8');
  const line = `  - name: ${changedName}\n`;
  assert.ok(text.includes(line));
  return text.replace(line, `${line}    notes: ${JSON.stringify(notes)}\n`);
}
