-- Called by decrement_usage, under the row's lock: gives back up to p_amount of the charges from p_from and before
-- p_before. The latest come first, and of one instant those without a key. Writes one negative ledger row per charge, at
-- most its rest, with its key, and with its time or p_at. The charge's key is free then. The caller changes the counter.
-- Returns the number of units and the time of the oldest charge.
create or replace function tollgate.give_back_charges(
  p_row tollgate.subscriptions,
  p_field text,
  p_amount bigint,
  p_from timestamptz,
  p_before timestamptz,
  p_at timestamptz default null,
  out taken bigint,
  out oldest timestamptz
)
language plpgsql set search_path = ''
as $$
declare
  v_from timestamptz;
  v_taken record;
begin
  -- The latest instant is tried alone. It mostly suffices, and a scan for more passes all charges that were given back.
  select max(l.at) into v_from
  from tollgate.usage_ledger l
  where l.user_id = p_row.user_id and l.field = p_field and l.at >= p_from and l.at < p_before and l.amount > l.given_back;
  taken := 0;
  while taken < p_amount and v_from >= p_from loop
    with latest as materialized (
      select l.at, l.entry, l.idempotency_key as key, l.amount - l.given_back as rest
      from tollgate.usage_ledger l
      where l.user_id = p_row.user_id and l.field = p_field and l.at >= v_from and l.at < p_before
        and l.amount > l.given_back
      order by l.at desc, l.idempotency_key is null desc, l.entry desc
      -- Each has a rest of at least one unit, so more charges are never needed.
      limit p_amount - taken
    ),
    charges as materialized (
      select c.at, c.entry, c.key, least(c.rest, p_amount - taken - c.before) as amount
      from (
        select l.*, sum(l.rest) over (order by l.at desc, l.key is null desc, l.entry desc) - l.rest as before
        from latest l
      ) c
      where c.before < p_amount - taken
    ),
    marked as (
      update tollgate.usage_ledger l set given_back = l.given_back + c.amount
      from charges c
      where l.user_id = p_row.user_id and l.field = p_field and l.at = c.at and l.entry = c.entry
    ),
    freed as (
      update tollgate.idempotency_keys k set reversed = true
      from charges c
      where k.user_id = p_row.user_id and k.operation = 'consume' and k.key = c.key and not k.reversed
        and case when k.entries is null then k.charged_at <= c.at else c.entry = any (k.entries) end
    ),
    written as (
      insert into tollgate.usage_ledger (user_id, product, field, at, amount, idempotency_key)
      select p_row.user_id, p_row.product, p_field, coalesce(p_at, c.at), -c.amount, c.key
      from charges c
    )
    select coalesce(sum(c.amount), 0) as units, min(c.at) as oldest, array_agg(coalesce(p_at, c.at)) as ats,
      array_agg(-c.amount)::bigint[] as amounts into v_taken
    from charges c;
    perform tollgate.add_to_hours(p_row.user_id, p_field, v_taken.ats, v_taken.amounts);
    taken := taken + v_taken.units;
    oldest := coalesce(v_taken.oldest, oldest);
    v_from := case when v_from > p_from then p_from end;
  end loop;
end;
$$;

comment on function tollgate.give_back_charges(tollgate.subscriptions, text, bigint, timestamptz, timestamptz, timestamptz) is 'Gives back units of the latest charges.';
