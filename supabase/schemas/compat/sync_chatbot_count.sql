-- The name that the first document calls over rpc. Atomicity, locks and errors: tollgate.sync_chatbot_count.
do $compat$
begin
  if exists (
    select from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname = 'sync_chatbot_count'
  ) then
    raise warning 'public.sync_chatbot_count exists and stays as it is; Tollgate''s own is tollgate.sync_chatbot_count.';
    return;
  end if;
  create function public.sync_chatbot_count(p_user_id text) returns jsonb
  language sql set search_path = ''
  as $$
    select tollgate.sync_chatbot_count(p_user_id);
  $$;
  comment on function public.sync_chatbot_count(text) is 'Calls tollgate.sync_chatbot_count.';
  revoke all on function public.sync_chatbot_count(text) from public;
  perform tollgate.change_grants('revoke all on function public.sync_chatbot_count(text) from', array['anon', 'authenticated']);
  perform tollgate.change_grants('grant execute on function public.sync_chatbot_count(text) to', array['service_role']);
end
$compat$;
