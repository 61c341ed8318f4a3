-- Called by PATCH /api/chatbots/:id. A missing chatbot, or another user's, changes nothing. The count stays, so the
-- subscriptions row is not locked. Locks: the chatbot's row. Errors: TG400 bad name.
create or replace function tollgate.rename_chatbot(p_user_id text, p_chatbot_id uuid, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_chatbot tollgate.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  update tollgate.chatbots c set name = p_name
  where c.user_id = p_user_id and c.id = p_chatbot_id
  returning * into v_chatbot;
  if not found then
    return jsonb_build_object('chatbot', null);
  end if;
  return jsonb_build_object('chatbot', tollgate.chatbot_row(v_chatbot));
end;
$$;

comment on function tollgate.rename_chatbot(text, uuid, text) is 'Gives a chatbot another name.';
