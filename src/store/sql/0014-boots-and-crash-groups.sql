-- What each host has booted, as its agent tells it, and how each boot ended.
create table boots (
  host text not null,
  boot_id text not null,
  started_ms double precision not null,
  -- Watched from then on only: the agent may have come later than the boot.
  first_seen_ms double precision not null,
  last_seen_ms double precision not null,
  -- As the agent told it last in this boot.
  facts jsonb not null,
  ended_ms double precision,
  ended_by text check (ended_by in ('crash', 'planned', 'unknown')),
  -- The report of the crash that ended it; it may be gone from the crashes.
  crash_id bigint,
  primary key (host, boot_id),
  check ((ended_ms is null) = (ended_by is null))
);
create index boots_last_seen on boots (last_seen_ms);

-- What people decided about groups of crash reports. One that was taken back stays, for the record.
create table crash_decisions (
  id bigint generated always as identity primary key,
  at_ms double precision not null,
  who text not null,
  reason text not null,
  kind text not null check (kind in ('merge', 'split', 'assign')),
  -- The group, or for assign the number of the report.
  subject text not null,
  -- The group it goes to, or for split what it is split by.
  target text not null,
  undone_ms double precision,
  undone_by text,
  undone_reason text
);
-- One decision that holds on each thing.
create unique index crash_decisions_standing on crash_decisions (kind, subject)
  where undone_ms is null;
