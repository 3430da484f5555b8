// The questions by which a scheduler carries what an instance's HAProxy says in the peers protocol
// from one host to another. The scheduler pulls and pushes: nothing is sent that nobody asked for,
// so that neither side has to keep more than one piece.

import { z } from 'zod';
import { epoch, instanceId } from './shapes.ts';

/** Most bytes of the peers protocol in one piece: well below a frame, and seconds of any table. */
export const relayPieceBytesMax = 256 * 1024;

const relay = z.int().min(1);
const waitMs = z.int().min(0).max(10_000);

/**
 * Wait, at most `waitMs`, for the instance's HAProxy to connect to the socket, and shake hands with
 * it. Refused with EPOCH_STALE unless `epoch` is that of the host's grant, and with SOURCE_MISMATCH
 * where the instance is not there in the role: `source` serves and teaches, `target` stands by.
 */
export const relayOpen = z.object({
  kind: z.literal('relay-open'),
  instance: instanceId,
  epoch,
  end: z.enum(['source', 'target']),
  socket: z.string().regex(/^peers-\d{1,4}\.sock$/),
  waitMs,
});
export type RelayOpen = z.infer<typeof relayOpen>;

/** Take the next piece from a source; waits, at most `waitMs`, while there is none. */
export const relayRead = z.object({ kind: z.literal('relay-read'), relay, waitMs });

/** Give a piece to a target. Once its lesson has ended, waits, at most `waitMs`, until it says so. */
export const relayWrite = z.object({
  kind: z.literal('relay-write'),
  relay,
  /** Whole messages, in base64. */
  data: z.base64().max(Math.ceil(relayPieceBytesMax / 3) * 4),
  waitMs,
});

export const relayClose = z.object({ kind: z.literal('relay-close'), relay });

/** What names the relay from then on. It closes by itself when nobody asks for 10 seconds. */
export const relayOpened = z.object({ relay });
export type RelayOpened = z.infer<typeof relayOpened>;

/** A piece in base64, empty where none came; and whether all that was in the tables has been taken. */
export const relayPiece = z.object({ data: z.base64(), isTaught: z.boolean() });
export type RelayPiece = z.infer<typeof relayPiece>;

/** Whether the target has confirmed that it learned all that the source had. */
export const relayWritten = z.object({ isLearned: z.boolean() });
export type RelayWritten = z.infer<typeof relayWritten>;
