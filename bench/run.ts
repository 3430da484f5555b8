// `npm run bench -- NAME`: runs one benchmark on a lab of its own, prints a report for people and,
// as the last line, one JSON object with the figures and their ratios to a peer of the same run.

const benches: Readonly<
  Record<string, () => Promise<(args: readonly string[]) => Promise<object>>>
> = {
  failover: async () => (await import('./failover.ts')).benchFailover,
  'failover-many': async () => (await import('./failover-many.ts')).benchFailoverMany,
  'failover-router': async () => (await import('./failover-router.ts')).benchFailoverRouter,
  intake: async () => (await import('./intake.ts')).benchIntake,
  traffic: async () => (await import('./traffic.ts')).benchTraffic,
  'packet-path': async () => (await import('./packet-path.ts')).benchPacketPath,
  reloads: async () => (await import('./reloads.ts')).benchReloads,
  page: async () => (await import('./page.ts')).benchPage,
  migration: async () => (await import('./migration.ts')).benchMigration,
};

const name = process.argv[2] ?? '';
const load = benches[name];
if (load === undefined) {
  console.error(`usage: npm run bench -- ${Object.keys(benches).join('|')}`);
  process.exit(2);
}
const bench = await load();
const figures = await bench(process.argv.slice(3));
console.log(JSON.stringify({ bench: name, ...figures }));
