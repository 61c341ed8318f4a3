-- Called by the simulation's dry runs. Without a timeline: the facts as load_timeline returns them, and the row as it is
-- now. With one: the row as it would be under this timeline. All changes on the way (new rows, windows) are undone before
-- it answers.
-- Locks: the users row (hold_user), then the subscriptions row.
create or replace function tollgate.peek_subscription(p_user_id text, p_product text, p_timeline jsonb default null)
returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row tollgate.subscriptions;
  v_answer jsonb;
begin
  begin
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, p_product);
    v_row := v_lock.locked;
    if p_timeline is null then
      v_answer := tollgate.load_timeline(p_user_id, p_product);
    else
      perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
      update tollgate.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz
      where s.user_id = p_user_id and s.product = p_product;
      v_row := tollgate.advance_window(
        p_user_id, p_product, greatest(tollgate.now_for(p_user_id), (p_timeline ->> 'as_of')::timestamptz));
      v_answer := '{}';
    end if;
    v_answer := v_answer || jsonb_build_object(
      'now', tollgate.instant_text(greatest(tollgate.now_for(p_user_id), v_row.as_of)),
      'view', tollgate.subscription_view(v_row));
    raise exception 'seen' using errcode = 'TG000';
  exception when sqlstate 'TG000' then
    -- All changes since "begin" are undone; the answer is kept.
  end;
  return v_answer;
end;
$$;

comment on function tollgate.peek_subscription(text, text, jsonb) is 'A user''s row as it is, or would be under another timeline; changes nothing.';
