-- Keys that secrets are sealed with; each is sealed itself, by a key of the schedulers' key file.
create table secret_keys (
  id text primary key,
  sealed text not null,
  made_ms double precision not null
);

-- Secrets of the control plane itself, such as its CA's key.
create table secrets (
  name text primary key,
  sealed text not null
);

-- Grows over all names: what is added again under a name that was taken out is newer, too.
create sequence certificate_versions;

create table certificates (
  name text primary key,
  owner text not null,
  version bigint not null,
  -- PEM, the server's own certificate first.
  chain text not null,
  sealed_key text not null,
  -- When the first one of the chain runs out.
  not_after_ms double precision not null,
  added_by text not null,
  added_ms double precision not null,
  -- The last threshold that was told of, in days; null for none.
  warned_days int
);
