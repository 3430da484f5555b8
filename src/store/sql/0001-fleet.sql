-- The fleet as it is meant to be, what was seen of it, and what is being done to it.

create table hosts (
  name text primary key,
  zone text not null,
  rack text not null,
  labels jsonb not null,
  capacity jsonb,
  cordon_reason text,
  state text not null default 'joining' check (state in ('joining', 'ready', 'suspect')),
  facts jsonb,
  last_seen_ms double precision
);

create table pools (
  name text primary key,
  cidr cidr not null,
  range_from inet,
  range_to inet,
  prefix int not null,
  gateway inet,
  bridge text not null,
  vlan int,
  check ((range_from is null) = (range_to is null))
);

create table instances (
  id uuid primary key,
  name text not null unique,
  -- Everything the owner wrote but the name, as the domain's InstanceSpec has it.
  spec jsonb not null,
  rendered text not null,
  config_hash text not null,
  -- Highest epoch ever given. Here and not in assignments, so that it outlives them.
  last_epoch int not null default 0
);

-- The primary key is the rule that no address is held twice.
create table addresses (
  address inet primary key,
  instance_id uuid not null references instances (id) on delete cascade,
  position int not null,
  pool text not null references pools (name),
  prefix int not null,
  gateway inet,
  bridge text not null,
  vlan int,
  unique (instance_id, position)
);

create table assignments (
  instance_id uuid primary key references instances (id) on delete cascade,
  host text not null references hosts (name),
  epoch int not null check (epoch > 0),
  granted boolean not null
);
create index assignments_by_host on assignments (host);

create table standbys (
  instance_id uuid not null references instances (id) on delete cascade,
  host text not null references hosts (name),
  primary key (instance_id, host)
);

-- No foreign key to instances: a host may still run what was deleted, and people have to see it.
create table observations (
  host text not null references hosts (name) on delete cascade,
  instance_id uuid not null,
  at_ms double precision not null,
  seen jsonb not null,
  primary key (host, instance_id)
);

create table migrations (
  id uuid primary key,
  instance_id uuid not null references instances (id) on delete cascade,
  source text not null,
  target text not null,
  who text not null,
  reason text not null,
  phase text not null,
  switched boolean not null,
  steps jsonb not null,
  started_ms double precision not null,
  ended_ms double precision,
  outcome text,
  error text
);
-- The lock: one unfinished migration an instance.
create unique index migrations_unfinished on migrations (instance_id) where ended_ms is null;

create table events (
  id bigint generated always as identity primary key,
  at_ms double precision not null,
  kind text not null,
  object text not null,
  message text not null
);
create index events_by_object on events (object, id);

create table join_tokens (
  id text primary key,
  host text not null,
  secret_hash text not null,
  expires_ms double precision not null
);

create table settings (
  name text primary key,
  value text not null
);
