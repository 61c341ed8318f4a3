-- Called by POST /api/test/check-functions: whether the functions that others call by name exist and respond. Each is
-- called for a probe user, and all changes are undone.
create or replace function tollgate.check_functions() returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_probe text[];
  v_probes text[][] := array[
    ['check_and_increment_usage', 'select tollgate.check_and_increment_usage(''tollgate-probe'', ''words_used'')'],
    ['decrement_usage', 'select tollgate.decrement_usage(''tollgate-probe'', ''words_used'')'],
    ['validate_plan_change', 'select tollgate.validate_plan_change(''tollgate-probe'', ''starter'', ''chatbots'')'],
    ['sync_chatbot_count', 'select tollgate.sync_chatbot_count(''tollgate-probe'')'],
    ['cleanup_old_webhook_events', 'select tollgate.cleanup_old_webhook_events(36500)'],
    ['get_usage', 'select tollgate.get_usage(''tollgate-probe'')'],
    ['load_timeline', 'select tollgate.load_timeline(''tollgate-probe'', ''writer'')'],
    ['ping', 'select tollgate.ping()']];
  v_answer jsonb;
  v_error text;
  v_functions jsonb := '[]';
begin
  foreach v_probe slice 1 in array v_probes loop
    v_answer := null;
    v_error := null;
    begin
      execute v_probe[2] into v_answer;
      raise exception 'seen' using errcode = 'TG000';
    exception
      when sqlstate 'TG000' then
        -- Undone.
      when others then
        v_error := sqlerrm;
    end;
    v_functions := v_functions || jsonb_build_object(
      'name', v_probe[1],
      'exists', exists (
        select from pg_catalog.pg_proc p
        where p.proname = v_probe[1] and p.pronamespace = 'tollgate'::regnamespace),
      'answers', v_answer is not null,
      'error', v_error);
  end loop;
  return v_functions;
end;
$$;

comment on function tollgate.check_functions() is 'Whether the functions that others call by name exist and respond.';
