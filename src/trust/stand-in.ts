import { createAuthority, issueServerCertificate } from './authority.ts';

let standIn: Promise<string> | null = null;

/**
 * A made-up certificate with its key, in PEM, for no name that anybody has: for `haproxy -c` where the
 * real ones are not to be. The same one for the life of the process.
 */
export function standInPem(): Promise<string> {
  standIn ??= make();
  return standIn;
}

async function make(): Promise<string> {
  const now = new Date();
  const authority = await createAuthority(now);
  const { certificate, key } = await issueServerCertificate(authority, ['stand-in.invalid'], now);
  return `${certificate}\n${key}\n`;
}
