-- The instance whose HAProxy said a message; empty for all that is of none.
alter table log_messages add column instance text not null default '';
create index log_messages_instance on log_messages (instance, id) where instance <> '';
