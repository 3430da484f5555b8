import { storeContract } from '../src/store/store-contract.ts';
import { Database } from './database.ts';
import { Process, World } from './world.ts';

// The same tests as PostgreSQL's: what the simulation proves, it proves of a store like that.
storeContract('the simulated disk', async () => {
  const world = new World(1);
  const process = new Process(world, 'test');
  let isOpen = true;
  const turn = () => {
    if (!isOpen) return;
    void world.runUntil(world.nowMs + 10, () => undefined).then(() => setImmediate(turn));
  };
  turn();
  const store = new Database().store(process);
  return {
    ...store,
    [Symbol.asyncDispose]: async () => {
      isOpen = false;
    },
  };
});
