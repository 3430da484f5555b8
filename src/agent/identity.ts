import { join } from 'node:path';
import { z } from 'zod';
import type { HostName } from '../domain/ids.ts';
import { hostName } from '../protocol/shapes.ts';
import { readIfThere, replaceFile } from './disk.ts';

/** Who this agent is: its host, and the proof. All PEM. */
export interface Identity {
  readonly host: HostName;
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
}

const fileName = 'identity.json';
const shape = z.object({
  host: hostName,
  key: z.string(),
  certificate: z.string(),
  ca: z.string(),
});

/** Null where this host never joined. @throws Error for a damaged file */
export async function loadIdentity(dataFolder: string): Promise<Identity | null> {
  const text = await readIfThere(join(dataFolder, fileName));
  return text === null ? null : shape.parse(JSON.parse(text));
}

/** Keeps it, readable for its owner only. */
export async function saveIdentity(dataFolder: string, identity: Identity): Promise<void> {
  await replaceFile(join(dataFolder, fileName), `${JSON.stringify(identity)}\n`);
}
