-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock, so the gauge equals
-- the number of chatbots. At the limit nothing is created, and the verdict is a denial.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG400 bad name.
create or replace function tollgate.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row tollgate.subscriptions;
  v_gauge tollgate.usage_counters[];
  v_chatbot tollgate.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  -- A current row denies without its lock: a user at the limit costs no write.
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = 'chatbots';
  v_gauge := tollgate.counters_of(p_user_id, array['chatbots_count']);
  if cardinality(v_gauge) = 0 or not tollgate.is_current(v_row) or tollgate.has_capacity(v_gauge, array[1]) then
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, 'chatbots');
    v_gauge := tollgate.counters_of(p_user_id, array['chatbots_count']);
  end if;
  if not tollgate.has_capacity(v_gauge, array[1]) then
    return jsonb_build_object('chatbot', null, 'verdict', tollgate.verdict(v_gauge[1], false) || '{"resets_at": null}');
  end if;
  insert into tollgate.chatbots (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at)
  returning * into v_chatbot;
  return jsonb_build_object(
    'chatbot', tollgate.chatbot_row(v_chatbot),
    'verdict', tollgate.verdict(tollgate.change_gauge(p_user_id, 'chatbots_count', 1, v_lock.now_at), true) || '{"resets_at": null}');
end;
$$;

comment on function tollgate.create_chatbot(text, text) is 'Creates and counts a chatbot, if the plan allows one more.';
