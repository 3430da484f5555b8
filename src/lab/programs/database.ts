// The PostgreSQL server that several schedulers of a lab share: started, started anew when it dies,
// and stopped with SIGTERM. Killed, this leaves the server behind for the next one to adopt.
// Usage: database.ts FOLDER

import { EmbeddedPostgres } from '../../store/embedded-postgres.ts';
import { systemClock } from '../../system/clock.ts';

const [directory = ''] = process.argv.slice(2);
await using server = await EmbeddedPostgres.start({
  directory,
  clock: systemClock,
  log: (line) => console.log(line),
});
console.log(`answers at ${server.connection.host}`);
await new Promise<void>((done) => {
  process.once('SIGTERM', done);
});
