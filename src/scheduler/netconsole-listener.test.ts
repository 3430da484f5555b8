import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test } from 'node:test';
import { systemClock } from '../system/clock.ts';
import { NetconsoleListener } from './netconsole-listener.ts';

const home = '127.0.0.1';

async function until(condition: () => boolean): Promise<void> {
  for (let looks = 0; looks < 500 && !condition(); looks += 1) await systemClock.sleep(10);
}

test('records are given whole and in order, losses too, and last words before all else', async () => {
  const heard: string[] = [];
  const listener = new NetconsoleListener({
    clock: systemClock,
    onLastWords: (address, words) => heard.push(`${address} LAST ${words}`),
    onHeard: ({ kind, address, text }) => heard.push(`${address} ${kind} ${text}`),
    log: () => undefined,
  });
  await listener.listen(home, 0);
  const socket = createSocket('udp4');
  const send = async (...datagrams: readonly string[]) => {
    const { length } = heard;
    for (const text of datagrams) {
      await new Promise((sent) => socket.send(text, listener.port, home, sent));
    }
    await until(() => heard.length > length);
    return heard.splice(0);
  };
  const panic = 'Kernel panic - not syncing: Fatal exception';
  assert.deepEqual(await send('6,1,1,-,ncfrag=0/6;abc', '6,1,1,-,ncfrag=3/6;def'), [
    `${home} text 6,1,1,-;abcdef`,
  ]);
  assert.deepEqual(await send(`6.7.0,0,4,4,-;${panic}\n`), [`${home} LAST ${panic}`]);
  await until(() => heard.length > 1);
  assert.equal(heard[0], `${home} text 6.7.0,0,4,4,-;${panic}`);
  assert.match(heard[1] ?? '', /loss 2 messages of this kernel did not come \(of numbers 2 to 3\)/);
  heard.length = 0;
  // A program's word in the kernel's log is not the kernel's.
  assert.deepEqual(await send(`12,5,5,-;${panic}`), [`${home} text 12,5,5,-;${panic}`]);
  assert.deepEqual(await send('[    9.000000] cut', '[   10.000000] given\n'), [
    `${home} text [    9.000000] cut`,
    `${home} text [   10.000000] given`,
  ]);
  listener.close();
  socket.close();
});
