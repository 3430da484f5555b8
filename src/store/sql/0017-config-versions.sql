-- Configurations that instances have had, each under a number of its own that never changes.
create table config_versions (
  instance_id uuid not null references instances (id) on delete cascade,
  version integer not null,
  at_ms double precision not null,
  who text not null,
  reason text not null,
  -- SHA-256 of what it has, see domain/config-version.ts.
  hash text not null,
  content jsonb not null,
  primary key (instance_id, version)
);

-- What ran before there were versions is the first one; nobody knows who applied it, and when.
insert into config_versions (instance_id, version, at_ms, who, reason, hash, content)
select id, 1, extract(epoch from now()) * 1000, '', 'there before versions were kept',
  encode(sha256(convert_to((spec ->> 'image') || E'\n' || (spec ->> 'config'), 'UTF8')), 'hex'),
  jsonb_build_object('image', spec -> 'image', 'config', spec -> 'config')
from instances;

-- Changes of many instances that go in batches; each is carried by the operation of the same id.
create table rollouts (
  id uuid primary key,
  seq bigint generated always as identity,
  -- What it is to do and how far it is: written by who carries it.
  rollout jsonb not null,
  -- Who had it pause, why and when; null while it goes on.
  pause jsonb
);
create index rollouts_by_seq on rollouts (seq);
