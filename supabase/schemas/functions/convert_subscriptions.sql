-- Called by `npm run db:migrate`, page by page, while the gate runs: moves the counters of release 0.1.0 in rows that were
-- not used since. The page's rows are locked until its end. Returns the last user of the page, null at the end, and the
-- number of rows.
create or replace function tollgate.convert_subscriptions(p_after text default '', p_users integer default 500) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_row tollgate.subscriptions;
  v_rows integer := 0;
  v_next text;
begin
  select max(p.user_id) into v_next
  from (select u.user_id from tollgate.users u where u.user_id > p_after order by u.user_id limit p_users) p;
  for v_row in
    select s.*
    from tollgate.subscriptions s
    where s.user_id > p_after and s.user_id <= v_next and s.usage is not null
    order by s.product, s.user_id
    for update
  loop
    perform tollgate.convert_counters(v_row);
    v_rows := v_rows + 1;
  end loop;
  return jsonb_build_object('next', v_next, 'rows', v_rows);
end;
$$;

comment on function tollgate.convert_subscriptions(text, integer) is 'Moves the counters of release 0.1.0, a page of users at a time.';
