-- Instances that were taken off their host so that a more important one has room, and that come
-- back when there is room again.
create table sheds (
  instance_id uuid primary key references instances (id) on delete cascade,
  -- For people; it may be gone by the time they read it.
  host text not null,
  for_instance text not null,
  for_tier int not null,
  at_ms double precision not null
);
