-- Called by GET /api/chatbots and the page.
create or replace function tollgate.list_chatbots(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.chatbot_row(c) order by c.created_at, c.id), '[]')
  from tollgate.chatbots c
  where c.user_id = p_user_id;
$$;

comment on function tollgate.list_chatbots(text) is 'A user''s chatbots, oldest first.';
