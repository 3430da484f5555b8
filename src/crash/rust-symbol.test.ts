import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demangled } from './rust-symbol.ts';

// The first four are RFC 2603's own examples.
const symbols: readonly (readonly [mangled: string, path: string])[] = [
  ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
  ['_RINvNtC3std3mem8align_ofjdE', 'std::mem::align_of::<usize, f64>'],
  ['_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_', 'cc::spawn::{closure#0}::{closure#0}'],
  [
    '_RNvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newCs15kBYyAo9fc_7mycrate',
    '<std::path::PathBuf>::new',
  ],
  ['_RNvYNtC4nicd4RingNtC6kernel5Queue4push', '<nicd::Ring as kernel::Queue>::push'],
  [
    '_RNvNtNtCs1a_4core9panicking11panic_const24panic_const_add_overflow',
    'core::panicking::panic_const::panic_const_add_overflow',
  ],
  ['_ZN4core3fmt9Formatter9write_str17h0123456789abcdefE', 'core::fmt::Formatter::write_str'],
];

for (const [mangled, path] of symbols) {
  test(`reads ${mangled}`, () => assert.equal(demangled(mangled), path));
}

test('what is no symbol of Rust, or breaks off, is left as it is', () => {
  for (const text of [
    '',
    '_R',
    '_RB_',
    '_RNvC',
    '_ZN3foo',
    '_RNvC9999_x',
    'nic_poll',
    '_ZN99x17h0123456789abcdefE',
  ])
    assert.equal(demangled(text), text);
});

test('a symbol that refers back to itself over and over ends', () => {
  const mangled = `_R${'I'.repeat(200)}B_${'E'.repeat(200)}`;
  assert.equal(demangled(mangled), mangled);
  const tuple = `_RINvC1a1b${'T'.repeat(30)}${'B7_B7_'.repeat(40)}${'E'.repeat(31)}`;
  assert.equal(typeof demangled(tuple), 'string');
});
