import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeheadError } from '../domain/errors.ts';
import { type ClaimRules, type Claims, identityOf } from './claims.ts';

const rules: ClaimRules = {
  roleClaim: 'groups',
  roleValues: { viewer: ['all'], operator: ['net', 'sre'], admin: ['root'] },
  ownersClaim: null,
  nameClaim: 'preferred_username',
};
const ada = { iss: 'https://id', sub: 'u-1', preferred_username: 'Ada@example.com' };

test('the role that may most counts, the name is what comes before the @', () => {
  for (const [groups, role] of [
    ['all', 'viewer'],
    [['all', 'sre'], 'operator'],
    [['root', 'all'], 'admin'],
    [['elsewhere', 'net'], 'operator'],
  ] as const) {
    assert.deepEqual(identityOf({ ...ada, groups }, rules), {
      ...{ subject: 'https://id u-1', name: 'ada', role, owners: null },
    });
  }
});

test('owners are those of their claim, and * is all', () => {
  const scoped = { ...rules, ownersClaim: 'teams' };
  const ofTeams = (teams: unknown) => identityOf({ ...ada, groups: 'all', teams }, scoped).owners;
  assert.deepEqual(ofTeams('shop'), ['shop']);
  assert.deepEqual(ofTeams(['shop', 'shop', 'mail']), ['shop', 'mail']);
  assert.equal(ofTeams(['shop', '*']), null);
});

test('who has no role, no owners, no name or no subject is refused, and is told why', () => {
  const scoped = { ...rules, ownersClaim: 'teams' };
  const good = { ...ada, groups: ['all'], teams: ['shop'] };
  const cases: readonly (readonly [Claims, RegExp])[] = [
    [{ ...good, groups: [] }, /claim groups of ada has no value/],
    [{ ...good, groups: { all: true } }, /claim groups of ada has no value/],
    [{ ...good, groups: 'ALL' }, /claim groups of ada has no value/],
    [{ ...good, teams: undefined }, /claim teams of ada names no owners/],
    [{ ...good, teams: [] }, /claim teams of ada names no owners/],
    [{ ...good, teams: [''] }, /claim teams of ada names no owners/],
    [{ ...good, teams: [7] }, /claim teams of ada names no owners/],
    [{ ...good, teams: Array.from({ length: 101 }, (_, one) => `t${one}`) }, /or over 100/],
    [{ ...good, preferred_username: undefined }, /sends no claim preferred_username/],
    [{ ...good, preferred_username: 'admin' }, /is no name of a user here/],
    [{ ...good, preferred_username: 'ada/../x' }, /is no name of a user here/],
    [{ ...good, preferred_username: `<b>${'x'.repeat(900)}` }, /is no name of a user here/],
    [{ ...good, sub: '' }, /names no subject/],
    [{ ...good, iss: 1 }, /names no subject/],
  ];
  for (const [claims, why] of cases) {
    assert.throws(
      () => identityOf(claims, scoped),
      (error) => {
        assert.ok(error instanceof BridgeheadError);
        assert.equal(error.code, 'OIDC_REFUSED');
        assert.match(error.message, why);
        return error.message.length < 300;
      },
    );
  }
});
