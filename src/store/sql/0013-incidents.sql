-- Incidents: one death or crash of one host each, with its story as it was folded last.
create table incidents (
  id bigint generated always as identity primary key,
  host text not null,
  state text not null check (state in ('open', 'recovered', 'resolved')),
  is_followed boolean not null,
  first_ms double precision not null,
  fingerprints jsonb not null,
  incident jsonb not null
);
create index incidents_host on incidents (host, id);
create index incidents_first on incidents (first_ms);
create index incidents_followed on incidents (id) where is_followed;

-- What opened an incident or belongs to it: failover/ID of an operation, crash/ID of a report. The
-- primary key is the rule: each belongs to one incident at the most, whoever sees it first.
create table incident_causes (
  cause text primary key,
  -- Null where it belongs to none: it was no reason for one, or is older than incidents are.
  incident_id bigint
);
create index incident_causes_incident on incident_causes (incident_id);
insert into incident_causes (cause) select 'failover/' || id from operations where kind = 'failover';
insert into incident_causes (cause) select 'crash/' || id from crashes;
create index operations_failover on operations (seq) where kind = 'failover';

-- When the report's first line came; null where only its last one is known.
alter table crashes add column first_ms double precision;
