-- Called by consume_batch if the batch has keys or calls of several fields: charges the sums of calls of
-- several fields, stores keys, and returns the numbers of all evaluated sums. Arguments and locks are those of
-- consume_batch; p_charged has the positions that it charged, p_known those that it left out.
create or replace function tollgate.consume_batch_rest(
  p_users text[],
  p_fields text[],
  p_amounts bigint[],
  p_unkeyed bigint[],
  p_groups integer[],
  p_keyed jsonb,
  p_known integer[],
  p_charged integer[],
  p_now timestamptz
) returns json
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_charged integer[] := coalesce(p_charged, '{}');
  v_grouped integer[];
  v_known integer[] := coalesce(p_known, '{}');
  v_answer json;
begin
  if 0 < any (p_groups) then
    with free as materialized (
      select a.position, a.amount, a.sums, c.user_id, c.field
      from unnest(p_users, p_fields, p_amounts, p_groups) with ordinality as a (user_id, field, amount, sums, position)
      join tollgate.usage_counters c on c.user_id = a.user_id and c.field = a.field
      where a.sums > 0
        and a.amount <= c.limit_amount - c.used - c.reserved - c.unpaid_held
        and greatest(p_now + c.clock_ahead, c.as_of) < c.current_until
        and p_now + c.clock_ahead >= c.summing_until
        and a.position <> all (v_known)
      order by c.user_id, c.field
      for update of c skip locked
    ),
    whole as materialized (
      select f.sums from free f group by f.sums
      having count(*) = (select count(*) from unnest(p_groups) as g (sums) where g.sums = f.sums)
    ),
    charged as (
      update tollgate.usage_counters c
      set used = c.used + f.amount, updated_at = greatest(p_now + c.clock_ahead, c.as_of)
      from free f
      where f.sums in (select w.sums from whole w) and c.user_id = f.user_id and c.field = f.field
      returning f.position, c.user_id, c.product, c.field, greatest(p_now + c.clock_ahead, c.as_of, c.window_start) as at
    ),
    written as (
      insert into tollgate.usage_ledger (user_id, product, field, at, amount)
      select t.user_id, t.product, t.field, t.at, p_unkeyed[t.position]
      from charged t where p_unkeyed[t.position] > 0
    )
    select array_agg(t.position::integer) into v_grouped from charged t;
    v_charged := v_charged || v_grouped;
  end if;

  if p_keyed is not null then
    -- The charges with a key, each with the entry of its ledger row, by which the key finds it.
    with keyed as materialized (
      select c.user_id, c.product, c.field, c.window_end, c.plan, c.used - p_amounts[k.sum] as used, c.limit_amount,
        c.limit_amount - c.used + p_amounts[k.sum] - c.reserved - c.unpaid_held as remaining,
        greatest(p_now + c.clock_ahead, c.as_of, c.window_start) as at, k.key, coalesce(k.by_session, false) as by_session, k.place,
        k.amount, k.before, nextval('tollgate.usage_ledger_entry') as entry
      from jsonb_to_recordset(p_keyed) as k (
        sum integer, key text, by_session boolean, place integer, amount bigint, before bigint)
      join tollgate.usage_counters c on c.user_id = p_users[k.sum] and c.field = p_fields[k.sum]
      where k.sum = any (v_charged)
    ),
    remembered as (
      insert into tollgate.idempotency_keys (user_id, operation, key, request, verdict, charged_at, entries, by_session)
      select k.user_id, 'consume', k.key,
        jsonb_build_object('fields', jsonb_agg(k.field order by k.place), 'amounts', jsonb_agg(k.amount order by k.place)),
        jsonb_agg(jsonb_build_object(
          'allowed', true, 'field', k.field, 'used', k.used + k.before + k.amount, 'limit', k.limit_amount,
          'remaining', k.remaining - k.before - k.amount, 'resets_at', tollgate.instant_text(k.window_end), 'plan', k.plan)
          order by k.place),
        max(k.at), array_agg(k.entry), k.by_session
      from keyed k
      group by k.user_id, k.key, k.by_session
    )
    insert into tollgate.usage_ledger (user_id, product, field, at, amount, entry, idempotency_key)
    select k.user_id, k.product, k.field, k.at, k.amount, k.entry, k.key
    from keyed k;
  end if;

  v_answer := json_build_object(
    'charged', tollgate.batch_numbers(p_users, p_fields, p_amounts, v_charged, null, p_now),
    'denied', tollgate.batch_numbers(p_users, p_fields, null, null, v_charged || v_known, p_now));
  perform tollgate.assert_deadline();
  return v_answer;
end;
$$;

comment on function tollgate.consume_batch_rest(text[], text[], bigint[], bigint[], integer[], jsonb, integer[], integer[], timestamptz) is 'Charges calls of several fields and stores keys of a batch.';
