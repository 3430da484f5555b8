-- Addresses that were taken off an instance and that its host may still answer for: kept from
-- others until the host has shown, under this epoch or a later one, that it does not.
create table leaving (
  address inet primary key,
  instance_id uuid not null references instances (id) on delete cascade,
  epoch int not null
);
create index leaving_by_instance on leaving (instance_id);
