-- Counts writes to what people watch, so that a scheduler which reads the count knows when to look
-- anew, whichever scheduler wrote. A sequence: it takes no lock that writers would wait for.

create sequence changes;

create function note_change() returns trigger language plpgsql as $$
begin
  perform nextval('changes');
  return null;
end
$$;

-- Not sessions: their leases are written each second.
do $$
declare
  watched text;
begin
  foreach watched in array array[
    'hosts', 'pools', 'instances', 'addresses', 'assignments', 'standbys', 'observations', 'events',
    'connections', 'operations', 'fences', 'sheds', 'overrides', 'incidents'
  ] loop
    execute format(
      'create trigger %I after insert or update or delete on %I for each statement
         execute function note_change()',
      watched || '_changed', watched
    );
  end loop;
end
$$;
