-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock, so the gauge equals
-- the number of chatbots. At the limit nothing is created, and the verdict is a denial.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG400 bad name.
create or replace function tollgate.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row tollgate.subscriptions;
  v_chatbot tollgate.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  -- A current row denies without its lock: a user at the limit costs no write.
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = 'chatbots';
  if not found or not tollgate.is_current(v_row) or tollgate.has_capacity(v_row, array['chatbots_count'], array[1]) then
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, 'chatbots');
    v_row := v_lock.locked;
  end if;
  if not tollgate.has_capacity(v_row, array['chatbots_count'], array[1]) then
    return jsonb_build_object('chatbot', null, 'verdict', tollgate.verdict(v_row, 'chatbots_count', false) || '{"resets_at": null}');
  end if;
  insert into tollgate.chatbots (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at)
  returning * into v_chatbot;
  update tollgate.subscriptions s
  set usage = s.usage || jsonb_build_object('chatbots_count', (s.usage ->> 'chatbots_count')::bigint + 1),
    updated_at = v_lock.now_at
  where s.user_id = p_user_id and s.product = 'chatbots'
  returning * into v_row;
  return jsonb_build_object(
    'chatbot', tollgate.chatbot_row(v_chatbot),
    'verdict', tollgate.verdict(v_row, 'chatbots_count', true) || '{"resets_at": null}');
end;
$$;

comment on function tollgate.create_chatbot(text, text) is 'Creates and counts a chatbot, if the plan allows one more.';
