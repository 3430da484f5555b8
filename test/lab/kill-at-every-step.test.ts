// The scheduler is killed without warning at every step of a migration in turn. The next one ends
// what it left, one host at most answers all the while, and nothing acknowledged is lost.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import type pg from 'pg';
import { labKill } from '../../src/lab/kill-part.ts';
import type { MigrationView } from '../../src/protocol/api.ts';
import type { ArpSummary } from './arp-tally.ts';
import { ArpWitness } from './arp-witness.ts';
import { labHosts, onlyOn } from './holders.ts';
import { LabClient } from './lab-client.ts';
import { exampleFile, LabUnderTest } from './lab-under-test.ts';
import {
  embeddedDatabase,
  migrationSteps,
  operationEnds,
  stepBegins,
  unfinished,
} from './operation-journal.ts';
import { aloneIn, type StopPlace, StopPoint } from './stop-point.ts';

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
}

const setups: readonly Setup[] = [
  {
    title: 'with the embedded PostgreSQL',
    prefix: 'e',
    port: 7188,
    upArguments: [],
    connect: (lab) => embeddedDatabase(lab.name),
  },
];

interface Stop {
  readonly title: string;
  readonly place: (source: string, target: string) => StopPlace;
}

/** Each step before it is written down, and then each of its own writes: all before they commit. */
const stops: readonly Stop[] = [
  ...migrationSteps.map((step) => ({ title: `${step} begins`, place: () => stepBegins(step) })),
  {
    title: 'prepare: the standby is ordered',
    place: (_, target) => ({
      table: 'standbys',
      condition: `tg_op = 'INSERT' and new.host = '${target}'`,
    }),
  },
  {
    title: 'release: the grant is taken back',
    place: () => ({ table: 'assignments', condition: 'not new.granted' }),
  },
  {
    title: 'switch: the target is granted',
    place: (_, target) => ({
      table: 'assignments',
      condition: `new.granted and new.host = '${target}'`,
    }),
  },
  {
    title: "remove: the source's part is dismissed",
    place: (source) => ({
      table: 'standbys',
      condition: `tg_op = 'DELETE' and old.host = '${source}'`,
    }),
  },
  { title: 'the end is written', place: () => operationEnds },
];

for (const setup of setups) {
  suite(`the scheduler is killed ${setup.title}`, () => {
    let lab: LabUnderTest;
    let client: LabClient;
    let database: pg.Client;
    before(async () => {
      lab = await LabUnderTest.up(setup.prefix, setup.port, ...setup.upArguments);
      client = await LabClient.of(lab.name);
      database = await setup.connect(lab);
    });
    after(async () => {
      await database?.end();
      await lab?.[Symbol.asyncDispose]();
    });

    for (const stop of stops) {
      test(`before this is on record: ${stop.title}`, async (context) => {
        const { ended, seen } = await killedAt(stop);
        const { requests, answered, maxRepliesToOne, longestSilenceMs } = seen;
        const figures = { requests, answered, maxRepliesToOne, longestSilenceMs };
        context.diagnostic(JSON.stringify({ outcome: ended.outcome, ...figures }));
      });
    }

    async function killedAt(stop: Stop): Promise<{ ended: MigrationView; seen: ArpSummary }> {
      const start = await client.settled(name);
      const address = start.addresses[0]?.address ?? '';
      const target = labHosts[(labHosts.findIndex((one) => one === start.host) + 1) % 3] ?? '';
      await using witness = await ArpWitness.start(lab.name, address);
      const point = await StopPoint.set(database, stop.place(start.host, target));
      const [answer] = await Promise.all([
        client.migrate(name, target, stop.title),
        point.reached(),
      ]);
      assert.ok(answer.isTaken, JSON.stringify(answer));
      assert.equal(await client.apply(await specWithNotes(stop.title)), 200);
      await labKill({ name: lab.name }, 'scheduler', 'SIGKILL');
      await point.lift();
      await aloneIn(database);
      assert.deepEqual(await unfinished(database), [answer.migration.id], 'it was left unfinished');
      const up = await lab.bringUp(...setup.upArguments);
      assert.equal(up.code, 0, up.stdout + up.stderr);
      const ended = await client.ended(answer.migration.id);
      const home = ended.outcome === 'done' ? target : start.host;
      const end = await client.settled(name);
      assert.equal(end.host, home, JSON.stringify(ended));
      assert.ok((end.epoch ?? 0) > (start.epoch ?? 0), 'the epoch has grown');
      assert.deepEqual(end.standbys, []);
      await onlyOn(lab, end, home);
      await lab.fetch(address);
      assert.deepEqual(await unfinished(database), []);
      assert.equal((await client.instance(changedName)).notes, stop.title, 'the change is lost');
      const seen = await witness.stop();
      assert.equal(seen.maxRepliesToOne, 1, JSON.stringify(seen.doubleAnswered));
      return { ended, seen };
    }
  });
}

async function specWithNotes(notes: string): Promise<string> {
  const text = await readFile(exampleFile, 'utf8');
  const line = `  - name: ${changedName}\n`;
  assert.ok(text.includes(line));
  return text.replace(line, `${line}    notes: ${JSON.stringify(notes)}\n`);
}
