-- Called by GET /api/account/export, page by page: a user's ledger in order, after p_after ({at, field, entry} of the last
-- row; null: from the start).
create or replace function tollgate.export_ledger(p_user_id text, p_after jsonb, p_limit integer) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(to_jsonb(page) - 'user_id' order by page.field, page.at, page.entry), '[]')
  from (
    select * from tollgate.usage_ledger l
    -- Without "or": a common plan for the first and later pages would read from the start each time.
    where l.user_id = p_user_id and (l.field, l.at, l.entry)
      > (coalesce(p_after ->> 'field', ''), coalesce((p_after ->> 'at')::timestamptz, '-infinity'),
        coalesce((p_after ->> 'entry')::bigint, 0))
    order by l.field, l.at, l.entry
    limit p_limit
  ) page;
$$;

comment on function tollgate.export_ledger(text, jsonb, integer) is 'A page of a user''s ledger.';
