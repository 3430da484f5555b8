-- Hosts that are proven to answer for nothing, and that may not again before they have shown it.
create table fences (
  host text primary key references hosts (name) on delete cascade,
  at_ms double precision not null,
  reasons jsonb not null
);

-- Who witnesses a host. Of several versions the host may still go by any: those before the one that
-- it has confirmed are deleted.
create table witness_sets (
  host text not null references hosts (name) on delete cascade,
  version int not null,
  witnesses jsonb not null,
  primary key (host, version)
);
