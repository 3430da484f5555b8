-- Crash reports that were cut out of the hosts' logs.
create table crashes (
  id bigint generated always as identity primary key,
  at_ms double precision not null,
  -- The enrolled host, else what the messages call it, else the address they came from.
  host text not null,
  source text not null,
  fingerprint text not null,
  uptime_s double precision,
  report jsonb not null
);
create index crashes_host on crashes (host, fingerprint, at_ms);
