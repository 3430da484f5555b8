-- People, what they may do, and what they and their programs show for it. Secrets are never here,
-- only what they are held against.
create table users (
  name text primary key,
  -- PHC string of argon2id; null until an invitation has been taken.
  password text,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  -- Owners of the instances that they see; null for all.
  owners text[],
  is_disabled boolean not null default false,
  created_ms double precision not null,
  created_by text not null
);

-- Good once, to choose a password.
create table invitations (
  id text primary key,
  secret_hash text not null,
  -- Null for the first administrator, who chooses the name too.
  user_name text unique references users (name) on delete cascade,
  expires_ms double precision not null
);

create table logins (
  id text primary key,
  secret_hash text not null,
  user_name text not null references users (name) on delete cascade,
  address text not null,
  created_ms double precision not null,
  seen_ms double precision not null,
  expires_ms double precision not null
);
create index on logins (user_name, created_ms);

create table api_tokens (
  id text primary key,
  name text not null unique,
  secret_hash text not null,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  owners text[],
  -- Whose it is: it goes with them, and may never do what they may not. Null for nobody's.
  user_name text references users (name) on delete cascade,
  created_ms double precision not null,
  created_by text not null,
  expires_ms double precision not null,
  used_ms double precision
);
create index on api_tokens (user_name);

-- Every change and every refusal. Each row is held by the hash of the one before it.
create table audit (
  id bigint primary key,
  at_ms double precision not null,
  entry jsonb not null,
  previous text not null,
  hash text not null
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only added to, never changed';
end;
$$;
create trigger audit_rows before update or delete on audit
  for each row execute function audit_is_append_only();
create trigger audit_whole before truncate on audit
  for each statement execute function audit_is_append_only();
