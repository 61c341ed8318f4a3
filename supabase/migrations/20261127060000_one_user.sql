-- Shorter waits for locks outside the gate: a call that waits for a user's row holds a connection of the pool. Functions
-- that store what a processor has done already (open_checkout, link_customer, commit_timeline) keep their three seconds.
alter function public.create_chatbot(text, text) set lock_timeout = '500ms';
alter function public.delete_chatbot(text, uuid) set lock_timeout = '500ms';
alter function public.rename_chatbot(text, uuid, text) set lock_timeout = '500ms';
alter function public.validate_plan_change(text, text, text) set lock_timeout = '500ms';
alter function public.get_usage(text) set lock_timeout = '500ms';
alter function public.get_entitlements(text) set lock_timeout = '500ms';
alter function public.dismiss_notice(text, bigint) set lock_timeout = '500ms';
alter function public.begin_checkout(text, text, text, text, text, boolean) set lock_timeout = '500ms';
alter function public.erase_account(text) set lock_timeout = '500ms';
alter function public.peek_subscription(text, text, jsonb) set lock_timeout = '500ms';
alter function public.count_attempt(text, text, integer, integer) set lock_timeout = '500ms';
alter function public.count_attempts(jsonb) set lock_timeout = '500ms';
alter function public.return_attempts(jsonb) set lock_timeout = '500ms';

-- Called by GET /api/account/export, page by page: a user's ledger in its order, after p_after ({at, field, entry} of the
-- last row; null: from the start).
create or replace function public.export_ledger(p_user_id text, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(page) - 'user_id' order by page.field, page.at, page.entry), '[]')
  from (
    select * from public.usage_ledger l
    -- Without "or": a plan that serves the first page and the later ones would read from the start each time.
    where l.user_id = p_user_id and (l.field, l.at, l.entry)
      > (coalesce(p_after ->> 'field', ''), coalesce((p_after ->> 'at')::timestamptz, '-infinity'),
        coalesce((p_after ->> 'entry')::bigint, 0))
    order by l.field, l.at, l.entry
    limit p_limit
  ) page;
$$;

comment on function public.export_ledger(text, jsonb, integer) is 'A page of a users ledger.';
revoke all on function public.export_ledger(text, jsonb, integer) from public, anon, authenticated;
grant execute on function public.export_ledger(text, jsonb, integer) to service_role;
