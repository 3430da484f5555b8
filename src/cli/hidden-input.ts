import type { ReadStream } from 'node:tty';
import { Interruption } from './terminal.ts';

const lengthMax = 1_024;

/**
 * One line from a terminal that does not show it.
 *
 * @throws Interruption for Ctrl-C, or the end of the input
 */
export function readHidden(input: ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const end = (settle: () => void) => {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      settle();
    };
    const take = (chunk: Buffer) => {
      for (const sign of chunk.toString('utf8')) {
        if (sign === '\r' || sign === '\n') return end(() => resolve(text));
        // Ctrl-C and Ctrl-D: a terminal in this mode makes no signals of them.
        if (sign === '\u0003' || sign === '\u0004') return end(() => reject(new Interruption()));
        if (sign === '\u007f' || sign === '\b') text = Array.from(text).slice(0, -1).join('');
        else if (text.length < lengthMax) text += sign;
      }
    };
    input.setRawMode(true);
    input.resume();
    input.on('data', take);
  });
}
