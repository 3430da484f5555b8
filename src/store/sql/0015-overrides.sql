-- What was changed in running instances without a reload and is to be kept.
create table overrides (
  instance_id uuid not null references instances (id) on delete cascade,
  -- One server, or one entry of a map or ACL.
  name text not null,
  override jsonb not null,
  who text not null,
  reason text not null,
  at_ms double precision not null,
  primary key (instance_id, name)
);
