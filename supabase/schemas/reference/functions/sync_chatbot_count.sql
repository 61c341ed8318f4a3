-- Called by the reconcile job and by hand. Sets the gauge to the number of chatbots and returns the difference. Locks: the
-- subscriptions row.
create or replace function tollgate.sync_chatbot_count(p_user_id text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '1s'
as $$
declare
  v_lock record := tollgate.lock_subscription(p_user_id, 'chatbots');
  v_row tollgate.subscriptions := v_lock.locked;
  v_counted bigint := coalesce((v_row.usage ->> 'chatbots_count')::bigint, 0);
  v_actual bigint := (select count(*) from tollgate.chatbots c where c.user_id = p_user_id);
begin
  if v_counted <> v_actual then
    update tollgate.subscriptions s
    set usage = s.usage || jsonb_build_object('chatbots_count', v_actual), updated_at = v_lock.now_at
    where s.user_id = p_user_id and s.product = 'chatbots';
  end if;
  return jsonb_build_object('counted', v_counted, 'actual', v_actual, 'drift', v_counted - v_actual);
end;
$$;

comment on function tollgate.sync_chatbot_count(text) is 'Sets chatbots_count to the number of chatbots and returns the drift.';
