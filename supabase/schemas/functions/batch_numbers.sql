-- Called by consume_batch_rest: the numbers of some sums before p_amounts were charged, one array per number, of counters
-- that are current.
create or replace function tollgate.batch_numbers(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_positions integer[],
  p_now timestamptz
) returns json
language sql stable set search_path = ''
as $$
  select json_build_array(array_to_json(array_agg(p.position)), array_to_json(array_agg(c.used - p_amounts[p.position])),
    array_to_json(array_agg(c.limit_amount)),
    array_to_json(array_agg(greatest(0, c.limit_amount - c.used + p_amounts[p.position] - c.reserved - c.unpaid_held))),
    array_to_json(array_agg((extract(epoch from c.window_end) * 1000)::bigint)), array_to_json(array_agg(c.plan)),
    array_to_json(array_agg(c.unpaid_held)))
  from unnest(p_positions) as p (position)
  join tollgate.usage_counters c on c.user_id = p_users[p.position] and c.field = p_fields[p.position]
  where greatest(p_now + c.clock_ahead, c.as_of) < c.current_until and p_now + c.clock_ahead >= c.summing_until;
$$;

comment on function tollgate.batch_numbers(text[], text[], bigint[], integer[], timestamptz) is 'Numbers of the sums of a batch.';
