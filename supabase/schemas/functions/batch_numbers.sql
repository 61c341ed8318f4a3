-- Called by consume_batch and consume_batch_rest: the numbers of sums whose counters are current, one array per number. With
-- p_only: of these positions; p_except: of all other ones; null: no restriction. p_amounts were charged and are subtracted;
-- null: nothing was.
create or replace function tollgate.batch_numbers(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_only integer[],
  p_except integer[],
  p_now timestamptz
) returns json
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select json_build_array(array_to_json(array_agg(n.position)), array_to_json(array_agg(n.used)),
      array_to_json(array_agg(n.limit_amount)),
      array_to_json(array_agg(greatest(0, n.limit_amount - n.used - n.reserved - n.unpaid_held))),
      array_to_json(array_agg((extract(epoch from n.window_end) * 1000)::bigint)), array_to_json(array_agg(n.plan)),
      array_to_json(array_agg(n.unpaid_held)))
    from (
      select a.position, c.used - coalesce(p_amounts[a.position], 0) as used, c.limit_amount, c.reserved, c.unpaid_held,
        c.window_end, c.plan
      from unnest(p_users, p_fields) with ordinality as a (user_id, field, position)
      join tollgate.usage_counters c on c.user_id = a.user_id and c.field = a.field
      where greatest(p_now + c.clock_ahead, c.as_of) < c.current_until and p_now + c.clock_ahead >= c.summing_until
        and (p_only is null or a.position = any (p_only))
        and (p_except is null or a.position <> all (p_except))
    ) n);
end;
$$;

comment on function tollgate.batch_numbers(text[], text[], bigint[], integer[], integer[], timestamptz) is 'Numbers of the sums of a batch.';
