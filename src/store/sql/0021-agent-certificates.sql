-- Certificates of the hosts' agents: which were given out, and which are good no more.
create table agent_certificates (
  -- Hexadecimal, upper case, as TLS tells it.
  serial text primary key,
  host text not null,
  expires_ms double precision not null,
  is_revoked boolean not null default false
);
create index on agent_certificates (host);

-- Hosts whose certificates from before this table are good no more either.
create table revoked_hosts (host text primary key);
