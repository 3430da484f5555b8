-- What is in the files that configurations refer to, once for each content: which instance has which
-- under what name stands in its spec.
create table attachment_contents (
  -- Of the content, hexadecimal.
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  content bytea not null
);

-- Mostly compressed already, or small: not worth the time.
alter table attachment_contents alter column content set storage external;
