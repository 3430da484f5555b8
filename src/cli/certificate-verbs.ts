// `cert` and `secrets`: certificates of instances, and the keys that secrets are sealed with.

import type { Command } from 'commander';
import { type CommandLine, clientVerbs } from './verb.ts';

/** Adds the verbs of certificates to the program. */
export function addCertificateVerbs(program: Command, line: CommandLine): void {
  const group = program.commandsGroup('Certificates:');
  const cert = group.command('cert').description('certificates that configurations name');
  const verb = clientVerbs(cert, line);
  verb(
    'add <name>',
    'add a certificate, or its next version, which running instances take over without a reload',
    [
      'cert add shop.pem --cert chain.pem --key key.pem --owner web',
      'cert add shop.pem --cert /etc/haproxy/shop.pem',
    ],
    async (session, [name = ''], given) => {
      const { addCertificate } = await import('./commands/certificates.ts');
      return addCertificate(session, name, {
        chainFile: given.text('cert') ?? '',
        keyFile: given.text('key'),
        owner: given.text('owner'),
      });
    },
    (command) =>
      command
        .requiredOption('--cert <file>', 'PEM: its certificate first, then those that signed it')
        .option(
          '--key <file>',
          'PEM: its private key, without a passphrase (default: it is in --cert)',
        )
        .option('--owner <owner>', "whose instances may use it (default: everybody's)"),
  );
  verb(
    'list',
    'list certificates, those that run out first at the top',
    ['cert list', 'cert list -o json'],
    async (session) => {
      const { listCertificates } = await import('./commands/certificates.ts');
      return listCertificates(session);
    },
  );
  verb('show <name>', 'show one', ['cert show shop.pem'], async (session, [name = '']) => {
    const { showCertificate } = await import('./commands/certificates.ts');
    return showCertificate(session, name);
  });
  verb(
    'rm <name>',
    'take out one that no configuration names',
    ['cert rm shop.pem'],
    async (session, [name = '']) => {
      const { removeCertificate } = await import('./commands/certificates.ts');
      return removeCertificate(session, name);
    },
  );
  const secrets = group.command('secrets').description('secrets in the database');
  clientVerbs(secrets, line)(
    'rotate',
    'seal all of them with a new key, and forget the keys before',
    ['secrets rotate'],
    async (session) => {
      const { rotateSecrets } = await import('./commands/certificates.ts');
      return rotateSecrets(session);
    },
  );
}
