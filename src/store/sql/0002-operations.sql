-- Operations with their locks and journal, and the schedulers that run them.

drop table migrations;

-- Grows with each new runner of an operation, over all operations.
create sequence fencing_tokens;
-- Grows with each telling of a host what it is to do. One row: whoever takes the next number has
-- seen everything that the one before had seen.
create table revisions (
  only_row boolean primary key default true check (only_row),
  value bigint not null
);
insert into revisions (value) values (0);

create table sessions (
  id uuid primary key,
  name text not null,
  started_ms double precision not null,
  -- By this server's clock: those of the schedulers may differ.
  expires_at timestamptz not null
);

-- Which scheduler hears which host.
create table connections (
  session_id uuid not null references sessions (id) on delete cascade,
  host text not null references hosts (name) on delete cascade,
  primary key (session_id, host)
);
create index connections_by_host on connections (host);

-- A host's state follows from who hears it.
alter table hosts drop column state;

create table operations (
  id uuid primary key,
  seq bigint generated always as identity unique,
  kind text not null,
  objects jsonb not null,
  args jsonb not null,
  who text not null,
  reason text not null,
  state text not null
    check (state in ('queued', 'running', 'done', 'undone', 'failed', 'refused', 'cancelled')),
  observed jsonb,
  steps jsonb not null,
  is_forward boolean not null,
  -- No foreign key: who ran it stays known after its session has gone.
  session_id uuid,
  token bigint not null,
  cancelled_by text,
  parent_id uuid,
  requested_ms double precision not null,
  started_ms double precision,
  ended_ms double precision,
  error jsonb,
  check ((ended_ms is null) = (state in ('queued', 'running'))),
  check (state <> 'running' or session_id is not null)
);
create index operations_open on operations (seq) where ended_ms is null;
create index operations_by_object on operations using gin (objects jsonb_path_ops);

-- The primary key is the rule: one operation at a time on an object.
create table locks (
  object text primary key,
  operation_id uuid not null references operations (id) on delete cascade,
  since_ms double precision not null
);
create index locks_by_operation on locks (operation_id);

-- Answers to requests that carried an idempotency key, so that a repeated one is not done twice.
create table requests (
  key text primary key,
  -- SHA-256 of what was asked, hexadecimal: the same key for something else is a mistake.
  fingerprint text not null,
  answer jsonb not null,
  at_ms double precision not null
);
create index requests_by_age on requests (at_ms);
