-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.sync_chatbot_count.
select tollgate.create_in_public('function', 'sync_chatbot_count', 'tollgate.sync_chatbot_count', array['service_role'], $compat$
  create function public.sync_chatbot_count(p_user_id text) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.sync_chatbot_count(p_user_id);
  $$;
  comment on function public.sync_chatbot_count(text) is 'Calls tollgate.sync_chatbot_count.';
$compat$);
