-- What instances' HAProxys have counted, many points to a row; kept for a bounded time and size.
create table numbers (
  id bigint generated always as identity primary key,
  -- No reference: what an instance did may be asked for after it has gone, until it is too old.
  instance_id uuid not null,
  -- Seconds from one point to the next: 5 as they came, 60 for what was folded.
  resolution_s smallint not null,
  -- Ends of the first and the last point.
  from_ms double precision not null,
  to_ms double precision not null,
  host text not null,
  bytes int not null,
  data bytea not null
);
create index numbers_by_instance on numbers (instance_id, resolution_s, to_ms);
create index numbers_by_age on numbers (resolution_s, to_ms);
-- An hour is folded once, whichever scheduler does it.
create unique index numbers_folded_once on numbers (instance_id, from_ms) where resolution_s = 60;
-- Deflated already.
alter table numbers alter column data set storage external;
