-- Messages of hosts' logs, as they came; kept for a bounded time and number.
create table log_messages (
  id bigint generated always as identity primary key,
  received_ms double precision not null,
  -- By the host's own clock, as far as the message says.
  said_ms double precision,
  -- The enrolled host that it is from; empty where that is not known.
  host text not null,
  -- The address that it came from.
  source text not null,
  -- What it calls its host.
  hostname text not null,
  app text not null,
  pid text not null,
  facility smallint,
  severity smallint,
  form text not null,
  -- How many of the same came one after the other.
  repeats int not null,
  text text not null
);
create index log_messages_received on log_messages (received_ms);
create index log_messages_host on log_messages (host, id);
-- Phrases are found by their three-letter pieces. A server of yours may lack the extension, or the
-- right to create it: then a search reads the whole of its time range.
do $$
begin
  create extension if not exists pg_trgm;
  create index log_messages_text on log_messages using gin (text gin_trgm_ops);
exception
  when insufficient_privilege or undefined_file or feature_not_supported or undefined_object then
    raise notice 'no index for phrases in logs: %', sqlerrm;
end
$$;
