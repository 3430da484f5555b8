import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ContainerLine, ContainerLines } from './container-lines.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const at = '2026-11-26T01:02:03.000004567Z';
const atUs = Date.parse('2026-11-26T01:02:03Z') * 1_000 + 4;

test('lines come whole, however the stream is cut, and those of one stream not into another', () => {
  const whole = Buffer.concat([
    frame(2, `${at} [WARNING]  (8) : Server äpi/s1 is`),
    frame(1, `${at} 10.0.0.1 503\n`),
    frame(2, ` DOWN\n${at} \n`),
  ]);
  for (let cut = 1; cut < whole.length; cut += 1) {
    const seen: ContainerLine[] = [];
    const lines = new ContainerLines((line) => seen.push(line));
    lines.push(whole.subarray(0, cut));
    lines.push(whole.subarray(cut));
    assert.deepEqual(seen, [
      { atUs, text: '10.0.0.1 503' },
      { atUs, text: '[WARNING]  (8) : Server äpi/s1 is DOWN' },
      { atUs, text: '' },
    ]);
  }
});
