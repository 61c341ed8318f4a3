-- The documents' name for sync_gauge of the chatbots. Locks and errors: tollgate.sync_gauge.
create or replace function tollgate.sync_chatbot_count(p_user_id text) returns jsonb
language sql set search_path = ''
as $$
  select tollgate.sync_gauge(p_user_id, 'chatbots_count');
$$;

comment on function tollgate.sync_chatbot_count(text) is 'Sets chatbots_count to the number of chatbots and returns the drift.';
