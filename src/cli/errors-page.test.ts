import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorCodes } from '../domain/errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [title = '', ...lines] = section.split('\n');
    return { title, text: lines.join('\n').trim() };
  });

test('docs/errors.md has one section for each error code and no other, in order', () => {
  assert.deepEqual(
    sections.map(({ title }) => title),
    [...errorCodes],
  );
});

test('each section of docs/errors.md is one paragraph of at least two sentences', () => {
  for (const { title, text } of sections) {
    assert.ok(!text.includes('\n'), `${title} is more than one paragraph`);
    assert.ok((text.match(/[.;:](\s|$)/g) ?? []).length >= 2, `${title} says too little`);
  }
});
