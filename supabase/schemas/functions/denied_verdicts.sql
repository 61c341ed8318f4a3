-- Called by charge_usage: one denied verdict per field, each with its reason.
create or replace function tollgate.denied_verdicts(p_row tollgate.subscriptions, p_fields text[], p_amounts bigint[]) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_agg(tollgate.verdict(p_row, c.field, false) || case
    -- Another field's limit was the cause.
    when c.amount <= m.remaining then '{"reason": "limit_reached_elsewhere"}'::jsonb
    -- A payment would allow it.
    when c.amount <= m.remaining + m.unpaid_held then '{"reason": "payment_pending"}'
    else '{}' end order by c.position)
  from unnest(p_fields, p_amounts) with ordinality as c (field, amount, position)
  cross join lateral tollgate.meter_state(p_row, c.field) m;
$$;

comment on function tollgate.denied_verdicts(tollgate.subscriptions, text[], bigint[]) is 'The verdicts of a charge that was denied.';
