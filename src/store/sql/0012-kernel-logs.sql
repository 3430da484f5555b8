-- In which boot a kernel said a message (empty: not known), and the number that its record has there.
alter table log_messages add column boot text not null default '';
alter table log_messages add column sequence bigint;
-- An agent sends again what nobody has acknowledged: the same record is kept once.
create unique index log_messages_record on log_messages (host, source, boot, sequence)
  where sequence is not null;
create index log_messages_boot on log_messages (boot text_pattern_ops, id) where boot <> '';
-- How much of log_messages there is, counted up to an id: asking the table itself would read it all.
create table log_size (
  only_one boolean primary key default true check (only_one),
  rows bigint not null,
  bytes bigint not null,
  counted_id bigint not null,
  -- All up to here have been committed by the next time it is counted.
  next_id bigint not null
);
insert into log_size (rows, bytes, counted_id, next_id) values (0, 0, 0, 0);
alter table crashes add column boot text not null default '';
