-- Called by charge_usage: a refused verdict a field, each with what stood in the way.
create or replace function tollgate.denied_verdicts(p_row tollgate.subscriptions, p_fields text[], p_amounts bigint[]) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_agg(tollgate.verdict(p_row, c.field, false) || case
    -- The other field's limit stood in the way, not this one's.
    when c.amount <= m.remaining then '{"reason": "limit_reached_elsewhere"}'::jsonb
    -- Paying would let it pass.
    when c.amount <= m.remaining + m.unpaid_held then '{"reason": "payment_pending"}'
    else '{}' end order by c.position)
  from unnest(p_fields, p_amounts) with ordinality as c (field, amount, position)
  cross join lateral tollgate.meter_state(p_row, c.field) m;
$$;

comment on function tollgate.denied_verdicts(tollgate.subscriptions, text[], bigint[]) is 'The verdicts of a charge that was refused.';
