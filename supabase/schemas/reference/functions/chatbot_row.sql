-- Called by create_chatbot, list_chatbots and rename_chatbot: a chatbot as its user sees it.
create or replace function tollgate.chatbot_row(p_chatbot tollgate.chatbots) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_chatbot.id, 'name', p_chatbot.name, 'created_at', tollgate.instant_text(p_chatbot.created_at));
$$;

comment on function tollgate.chatbot_row(tollgate.chatbots) is 'A chatbot as its user sees it.';
