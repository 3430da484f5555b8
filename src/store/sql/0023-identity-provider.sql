-- Issuer and subject of who comes in by the identity provider; null for users by password.
alter table users add column subject text unique;

-- People who have gone to the identity provider and are not back yet. Nothing that they have to bring
-- back can be read here: it follows from a secret of which this is the hash.
create table oidc_journeys (
  id text primary key,
  secret_hash text not null,
  return_to text not null,
  expires_ms double precision not null
);
create index on oidc_journeys (expires_ms);
