import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import type { InstanceName } from '../domain/ids.ts';
import { filesNamedIn } from './attachment-files.ts';
import { attachmentBytesMax, attachmentsMax, type SpecFiles } from './attachments.ts';
import { configFindings } from './config-origin.ts';
import { diffSpec } from './diff.ts';
import { parseSpec } from './parse.ts';

const head = `apiVersion: bridgehead/v1
pools:
  - { name: public-v4, cidr: 198.18.10.0/24 }
instances:
  - name: web
    owner: o
    service: s
    image: haproxy
    addresses: [{ pool: public-v4 }]
    config: |
      frontend web
        bind :80
    attachments:
`;

function parse(attachments: string, files: SpecFiles = new Map()) {
  return parseSpec(head + attachments, 'spec.yaml', undefined, files);
}

function refusal(attachments: string, files?: SpecFiles): string {
  const { spec, findings } = parse(attachments, files);
  assert.equal(spec, null);
  return findings.map(({ message }) => message).join('; ');
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe('attachments of a spec', () => {
  it('are told by their names and what is in them, wherever that comes from', () => {
    const { spec, contents, findings } = parse(
      `      b.lst: { base64: MTkyLjAuMi4x }
      a.map: { file: maps/a.map, path: /etc/haproxy/a.map }
      c.html: { text: "<p>" }
`,
      new Map([['maps/a.map', bytes('x y\n')]]),
    );
    assert.deepEqual(findings, []);
    const sha = (text: string) => createHash('sha256').update(text).digest('hex');
    assert.deepEqual(spec?.instances[0]?.attachments, [
      { name: 'a.map', sha256: sha('x y\n'), sizeBytes: 4, path: '/etc/haproxy/a.map' },
      { name: 'b.lst', sha256: sha('192.0.2.1'), sizeBytes: 9, path: null },
      { name: 'c.html', sha256: sha('<p>'), sizeBytes: 3, path: null },
    ]);
    assert.deepEqual(Buffer.from(contents.get(sha('192.0.2.1')) ?? []).toString(), '192.0.2.1');
  });

  it('that are none leave the instance as it was', () => {
    const [instance] = parseSpec(head.replace('    attachments:\n', ''), 's').spec?.instances ?? [];
    assert.equal(instance !== undefined && 'attachments' in instance, false);
  });

  const names = ['a/b', '../a', '..', '/etc/passwd', 'a\\0b', 'a..b', '.hidden', 'haproxy.cfg', ''];
  for (const name of names) {
    it(`have no name such as ${JSON.stringify(name)}`, () => {
      const message = refusal(`      "${name}": { text: x }\n`);
      assert.match(
        message,
        name === 'haproxy.cfg' ? /is the configuration itself/ : /without a folder|NUL character/,
      );
    });
  }

  it('have one source each, which is there and can be read', () => {
    assert.match(refusal('      a: {}\n'), /one of 'file', 'text' and 'base64'/);
    assert.match(refusal('      a: { text: x, file: y }\n'), /one of 'file', 'text' and 'base64'/);
    assert.match(refusal('      a: { base64: "a-b" }\n'), /not valid Base64/);
    assert.match(refusal('      a: { file: gone }\n'), /the file gone did not come with the spec/);
    assert.match(refusal('      a: { txt: x }\n'), /unknown field 'txt'/);
    assert.match(refusal('      a: { text: x, path: "/a b" }\n'), /must be a path/);
  });

  it('are bounded each, in all, and in number', () => {
    const big = new Map([['big', new Uint8Array(attachmentBytesMax + 1)]]);
    assert.match(refusal('      a: { file: big }\n', big), /4194304 at most/);
    const full = new Map([['full', new Uint8Array(attachmentBytesMax)]]);
    const five = ['a', 'b', 'c', 'd', 'e'].map((name) => `      ${name}: { file: full }\n`);
    assert.equal(parse(five.slice(1).join(''), full).findings.length, 0);
    assert.match(refusal(five.join(''), full), /have over 16777216 bytes/);
    const many = Array.from({ length: attachmentsMax + 1 }, (_, n) => `      n${n}: { text: x }\n`);
    assert.match(refusal(many.join('')), /64 attachments at most/);
  });

  it('hold no private key', () => {
    for (const kind of ['', 'RSA ', 'EC ', 'ENCRYPTED ']) {
      const text = `-----BEGIN ${kind}PRIVATE KEY-----`;
      assert.match(
        refusal(`      a.pem: { text: "x\\n${text}" }\n`),
        /keys belong to certificates/,
      );
    }
    assert.equal(
      parse('      a.pem: { text: "-----BEGIN CERTIFICATE-----" }\n').findings.length,
      0,
    );
  });

  it('are called by one path each', () => {
    const twice = '      a: { text: x, path: /p }\n      b: { text: x, path: /p }\n';
    assert.match(refusal(twice), /path of an attachment before it/);
    assert.match(
      refusal('      a: { text: x, path: /etc/haproxy/attachments/a }\n'),
      /leave 'path' out/,
    );
  });

  it('show in the difference when what is in them changes', () => {
    const specOf = (text: string) =>
      parse(`      a: { text: ${text} }\n`).spec ?? assert.fail('it has faults');
    const [before, after] = [specOf('x'), specOf('y')];
    const [change] = diffSpec({ ...before, pools: [] }, after, { prune: false }).slice(-1);
    assert.deepEqual(
      change?.fields.map(({ field }) => field),
      ['attachments'],
    );
  });
});

describe('fragments', () => {
  const fragments = `      10-b.cfg:
        include: true
        text: |
          backend b
            server s 192.0.2.1:80
      20-c.cfg: { include: true, file: c.cfg }
`;
  const files = new Map([['c.cfg', bytes('backend c\n  balance odd')]]);

  it('stand behind the configuration, each under its name', () => {
    const { spec } = parse(fragments, files);
    const config = spec?.instances[0]?.config;
    const text =
      'frontend web\n  bind :80\n# Fragment 10-b.cfg\nbackend b\n  server s 192.0.2.1:80\n' +
      '# Fragment 20-c.cfg\nbackend c\n  balance odd\n';
    assert.equal(config, text);
    assert.equal(spec?.instances[0]?.attachments, undefined);
  });

  it('are blamed at their own lines', () => {
    const parsed = parse(fragments, files);
    const at = (line: number, column: number) =>
      configFindings(parsed, 'web' as InstanceName, [{ line, column, message: 'm' }])[0];
    const lineOf = (text: string) =>
      (head + fragments).split('\n').findIndex((line) => line.includes(text)) + 1;
    assert.equal(at(2, 3)?.line, lineOf('bind :80'));
    assert.deepEqual({ ...at(5, 3) }, { ...at(5, 3), line: lineOf('server s'), column: 13 });
    assert.equal(at(5, 3)?.message, 'm');
    assert.equal(at(8, 3)?.line, lineOf('20-c.cfg'));
    assert.equal(at(8, 3)?.message, '20-c.cfg:2:3: m');
  });

  it('are whole by themselves', () => {
    const one = (text: string) => refusal(`      a.cfg: { include: true, text: "${text}" }\n`);
    assert.match(one('  balance roundrobin\\n'), /line 1: a fragment begins with a section/);
    assert.match(one('.if defined(X)\\nbackend b\\n'), /no .endif/);
    assert.match(one('.endif\\n'), /without .if/);
    const path = '      a.cfg: { include: true, path: /a, text: "backend b" }\n';
    assert.match(refusal(path), /a fragment has no 'path'/);
    const binary = '      a.cfg: { include: true, base64: "//8=" }\n';
    assert.match(refusal(binary), /must be text/);
  });
});

describe('files that a spec names', () => {
  it('are found once each, also in a spec with faults', () => {
    const text = `${head}      a: { file: x }\n      b: { file: y }\n      c: { file: x, oops: 1 }\n      d: 3\n`;
    assert.deepEqual(filesNamedIn(text), ['x', 'y']);
    assert.deepEqual(filesNamedIn('instances: [3, { attachments: [1] }]'), []);
    assert.deepEqual(filesNamedIn(': :'), []);
  });
});
