-- Called by the simulation's dry runs. Without a timeline: the facts as load_timeline gives them, and the row as it stands
-- now. With one: the row as it would stand if this were the timeline. Whatever is computed on the way (rows made, windows
-- turned) is undone before it answers: nothing is left behind. Locks: the users row (hold_user), then the
-- subscriptions row.
create or replace function public.peek_subscription(p_user_id text, p_product text, p_timeline jsonb default null)
returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row public.subscriptions;
  v_answer jsonb;
begin
  begin
    perform public.hold_user(p_user_id);
    v_lock := public.lock_subscription(p_user_id, p_product);
    v_row := v_lock.locked;
    if p_timeline is null then
      v_answer := public.load_timeline(p_user_id, p_product);
    else
      perform public.replace_timeline(p_user_id, p_product, p_timeline);
      update public.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz
      where s.user_id = p_user_id and s.product = p_product;
      v_row := public.turn_window(
        p_user_id, p_product, greatest(public.now_for(p_user_id), (p_timeline ->> 'as_of')::timestamptz));
      v_answer := '{}';
    end if;
    v_answer := v_answer || jsonb_build_object(
      'now', public.instant_text(greatest(public.now_for(p_user_id), v_row.as_of)),
      'view', public.subscription_view(v_row));
    raise exception 'seen' using errcode = 'TG000';
  exception when sqlstate 'TG000' then
    -- Everything since "begin" is undone; what was seen is kept.
  end;
  return v_answer;
end;
$$;

comment on function public.peek_subscription(text, text, jsonb) is 'How a users row stands, or would stand under another timeline; changes nothing.';
revoke all on function public.peek_subscription(text, text, jsonb) from public, anon, authenticated;
grant execute on function public.peek_subscription(text, text, jsonb) to service_role;
