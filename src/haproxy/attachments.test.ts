import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PoolName } from '../domain/ids.ts';
import type { ServiceAddress } from '../domain/model.ts';
import { strangeFiles } from './attachment-references.ts';
import { attachmentMeant, attachmentsIn } from './attachments.ts';
import { readConfig } from './config-lines.ts';
import { plainNamePattern } from './plain-name.ts';
import { renderConfig } from './render.ts';

const address: ServiceAddress = {
  ...{ address: '198.18.10.10', family: 4, pool: 'public-v4' as PoolName, prefix: 24 },
  ...{ gateway: null, bridge: 'br0', vlan: null },
};

function attached(name: string, path: string | null = null, sha256 = 'a'.repeat(64)) {
  return { name, path, sha256, sizeBytes: 3 };
}

function render(body: string, attachments: ReturnType<typeof attached>[] = []) {
  const config = `frontend web\n  bind :80\n${body}`;
  const resources = { memoryMib: 128, cpus: 1, maxConnections: 100 };
  return renderConfig({ name: 'web', config, addresses: [address], resources, attachments });
}

/** The owner's lines behind the bind, as HAProxy reads them. */
function bodyOf(body: string, attachments: ReturnType<typeof attached>[]): string {
  const rendered = render(body, attachments);
  assert.deepEqual(rendered.findings, []);
  return rendered.text.split(':80\n')[1] ?? '';
}

describe('references to attachments', () => {
  const folder = '/etc/haproxy/attachments';
  const cases = [
    ['  use_backend %[req.hdr(host),lower,map(a.map,none)]', 'a.map'],
    ['  http-request set-header X "%[src,map_ip(a.map)] and %[src,map_ip(a.map,0)]"', 'a.map'],
    ['  http-request set-map(a.map) %[src] 1', 'a.map'],
    ['  http-request add-acl(a.lst) %[src]', 'a.lst'],
    ['  acl bad src -f a.lst', 'a.lst'],
    ['  acl bad hdr(host) -i -m end -f a.lst -f a.lst', 'a.lst'],
    ['  http-request deny if { src -f a.lst }', 'a.lst'],
    ['  errorfile 503 a.http', 'a.http'],
    ['  http-request return status 200 file a.html if { path / }', 'a.html'],
    ['global\n  lua-load a.lua', 'a.lua'],
    ['global\n  lua-load-per-thread a.lua word', 'a.lua'],
    ['global\n  ssl-dh-param-file a.pem', 'a.pem'],
    ['http-errors site\n  errorfile 404 a.http', 'a.http'],
    ['backend b\n  server s 192.0.2.1:443 ssl ca-file a.pem crl-file a.pem', 'a.pem'],
    ['  filter spoe engine e config a.conf', 'a.conf'],
  ] as const;
  for (const [line, name] of cases) {
    it(line.trim().replaceAll('\n', ' '), () => {
      const there = `${folder}/${name}`;
      const wanted = line.replaceAll(name, there).concat('\n');
      assert.equal(bodyOf(line, [attached(name)]), wanted);
      assert.equal(bodyOf(line.replaceAll(name, `./${name}`), [attached(name)]), wanted);
      const declared = line.replaceAll(name, '/etc/haproxy/x/y');
      assert.equal(bodyOf(declared, [attached(name, '/etc/haproxy/x/y')]), wanted);
      const [fault] = render(line).findings;
      assert.match(fault?.message ?? '', new RegExp(`'${name}' is no attachment`));
      const row = readConfig(line).find(({ text }) => text.includes(name));
      const word = row?.words.find(({ text }) => text.includes(name));
      assert.equal(fault?.line, 2 + (row?.number ?? 0));
      assert.equal(fault?.column, 1 + (word?.start ?? 0));
    });
  }

  it('a bind to every address keeps both its address and its files', () => {
    const text = render('  bind :443 ssl ca-file ca.pem', [attached('ca.pem')]).text;
    assert.match(
      text,
      /bind 198\.18\.10\.10:443 ssl ca-file \/etc\/haproxy\/attachments\/ca\.pem\n/,
    );
  });

  it('a path of the image, a key and a text are left as they are', () => {
    const lines = [
      '  errorfile 503 /usr/share/errors/503.http',
      '  bind 127.0.0.1:443 ssl crt site.pem',
      '  http-request return string "map(a.map)"',
      '  http-request set-header X -f',
      '  errorfile 503 "${PAGES}/503.http"',
      '  errorfile 503 /dev/null',
      'backend b\n  server s 192.0.2.1:443 ssl ca-file @system-ca verify required',
    ];
    for (const line of lines) assert.equal(bodyOf(line, [attached('a.map')]), `${line}\n`);
    const [line] = readConfig('errorfile 503 /usr/share/errors/503.http');
    assert.match(strangeFiles(line ?? assert.fail(), []), /503\.http' is no attachment/);
  });

  it('a name that can only be reached through an escape is refused, not guessed', () => {
    const { findings } = render('  http-request set-header X "%[src,map(a\\x2emap)]"', [
      attached('a.map'),
    ]);
    assert.match(findings[0]?.message ?? '', /without quotes and escapes/);
  });

  it('Lua programs find each other, and other folders of modules are refused', () => {
    const files = [attached('a.lua', '/opt/lua/a.lua')];
    assert.match(
      render('', files).text,
      /\n {4}lua-prepend-path \/etc\/haproxy\/attachments\/\?\.lua\n/,
    );
    for (const pattern of ['?.lua', './?.lua', '/opt/lua/?.lua']) {
      const line = `global\n  lua-prepend-path ${pattern} path`;
      assert.equal(bodyOf(line, files), `global\n  lua-prepend-path ${folder}/?.lua path\n`);
    }
    for (const pattern of ['lib/?.lua', '/etc/haproxy/lua/?.lua', '?/init.lua']) {
      const { findings } = render(`global\n  lua-prepend-path ${pattern}`, files);
      assert.match(findings[0]?.message ?? '', /no folder of the instance's Lua programs/);
    }
  });
});

describe('the head of a rendered configuration', () => {
  const files = [attached('a.map'), attached('b.lst', null, 'b'.repeat(64))];

  it('names the attachments, and its hash covers what is in them', () => {
    const rendered = render('', files);
    const named = files.map(({ name, sha256 }) => ({ name, sha256 }));
    assert.deepEqual(attachmentsIn(rendered.text), named);
    const changed = render('', [
      attached('a.map', null, 'c'.repeat(64)),
      files[1] ?? assert.fail(),
    ]);
    assert.notEqual(changed.configHash, rendered.configHash);
    assert.equal(render('').text.includes('# attachment'), false);
  });

  it('counts alone: an owner cannot name files there', () => {
    const line = `# attachment ${'d'.repeat(64)} d.map`;
    assert.deepEqual(attachmentsIn(render(line).text), []);
    assert.deepEqual(attachmentsIn(`# Managed\n# attachment ${'d'.repeat(64)} ../d\n`), []);
    assert.deepEqual(attachmentsIn(''), []);
  });

  it('keeps every line of the owner at its own number', () => {
    const { text, sourceLines } = render('  acl bad src -f b.lst', files);
    const at = text.split('\n').findIndex((line) => line.includes('acl bad'));
    assert.equal(sourceLines[at], 3);
  });
});

describe('names of attachments', () => {
  for (const name of ['hosts.map', '503.http', 'A_b-c.LST', 'a'.repeat(128)]) {
    it(`takes ${name.slice(0, 20)}`, () => assert.match(name, plainNamePattern));
  }
  const tricks = ['', '.', '..', '.hidden', 'a/b', '/etc/passwd', '../a', 'a\0b', 'a b', 'a\nb'];
  for (const name of [...tricks, 'a..b', 'a\\b', '-f', '@a', '#1', 'é', 'a;b', 'a'.repeat(129)]) {
    it(`refuses ${JSON.stringify(name).slice(0, 20)}`, () =>
      assert.doesNotMatch(name, plainNamePattern));
  }

  it('a declared path wins over a name', () => {
    const files = [attached('a'), attached('b', 'a')];
    assert.equal(attachmentMeant(files, 'a')?.name, 'b');
  });
});
