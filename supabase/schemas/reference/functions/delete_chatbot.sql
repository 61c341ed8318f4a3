-- Called by DELETE /api/chatbots/:id. The chatbot and its count are removed in one transaction. A missing chatbot, or
-- another user's, changes nothing. Locks: the subscriptions row.
create or replace function tollgate.delete_chatbot(p_user_id text, p_chatbot_id uuid) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record := tollgate.lock_subscription(p_user_id, 'chatbots');
begin
  delete from tollgate.chatbots c where c.user_id = p_user_id and c.id = p_chatbot_id;
  if not found then
    return jsonb_build_object('deleted', false);
  end if;
  perform tollgate.change_gauge(p_user_id, 'chatbots_count', -1, v_lock.now_at);
  return jsonb_build_object('deleted', true);
end;
$$;

comment on function tollgate.delete_chatbot(text, uuid) is 'Deletes a chatbot and subtracts it from the count.';
