-- Called by probe_functions: the functions of the reference installation that others call by name, and a call of each.
create or replace function tollgate.installation_probes() returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_array(
    jsonb_build_array('sync_chatbot_count', 'select tollgate.sync_chatbot_count(''tollgate-probe'')'));
$$;

comment on function tollgate.installation_probes() is 'Calls that check the reference installation''s own functions.';
