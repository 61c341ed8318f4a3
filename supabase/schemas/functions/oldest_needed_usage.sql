-- Called by the partitions job before it drops months, a page of users at a time: the earliest instant whose ledger rows
-- their open windows, windows without an opening and open reservations need. "next" is the last user of a full page, null
-- at the end.
create or replace function tollgate.oldest_needed_usage(p_after text default '', p_users integer default 1000) returns jsonb
language sql set search_path = ''
as $$
  with page as materialized (
    select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users
  ),
  listed as (select array(select p.user_id from page p) as users)
  select jsonb_build_object(
    'next', (select case when count(*) = p_users then max(p.user_id) end from page p),
    'checked', (select count(*) from page),
    'oldest', tollgate.instant_text(least(
      (select min(least(s.window_start, s.current_period_start))
        from tollgate.subscriptions s
        where s.user_id = any ((select l.users from listed l)::text[])
          and s.advance_at > greatest(tollgate.now_for(s.user_id), s.as_of)),
      (select min(w.from_window_start)
        from tollgate.usage_windows w
        where w.user_id = any ((select l.users from listed l)::text[]) and w.opening is null),
      (select min(r.at)
        from tollgate.reservations r
        where r.user_id = any ((select l.users from listed l)::text[]) and r.state = 'open'))));
$$;

comment on function tollgate.oldest_needed_usage(text, integer) is 'The earliest ledger rows that a page of users needs.';
