-- Called by decrement_usage, under the row's lock, for units that the current window carried over. Gives back units of the
-- latest charges before p_since, each at its own time, and computes the openings again. It gives back as many units as
-- lower the counter by one each, so no units that the opening had credited. Returns the row and the number of units.
create or replace function tollgate.give_back_carried(
  p_row tollgate.subscriptions,
  p_field text,
  p_amount bigint,
  p_since timestamptz,
  p_now timestamptz,
  out counted tollgate.subscriptions,
  out taken bigint
)
language plpgsql set search_path = ''
as $$
declare
  v_charges record;
  v_effect bigint;
  v_before bigint := (select c.used from tollgate.usage_counters c where c.user_id = p_row.user_id and c.field = p_field);
begin
  counted := p_row;
  taken := p_amount;
  -- The first try shows how many units count; the second gives back these. The third finds charges that do not count at all.
  for attempt in 1 .. 3 loop
    exit when taken = 0;
    begin
      v_charges := tollgate.give_back_charges(p_row, p_field, taken, '-infinity', p_since);
      exit when v_charges.taken = 0;
      counted := tollgate.recount_after(p_row, v_charges.oldest, p_now);
      v_effect := v_before - (
        select c.used from tollgate.usage_counters c where c.user_id = p_row.user_id and c.field = p_field);
      taken := v_charges.taken;
      if v_effect = taken then
        return;
      end if;
      raise exception 'undone' using errcode = 'TG000';
    exception when sqlstate 'TG000' then
      -- A larger effect: a month of an opening was dropped, so no opening can be computed again.
      taken := case when v_effect < taken then v_effect else 0 end;
    end;
  end loop;
  counted := p_row;
  taken := 0;
end;
$$;

comment on function tollgate.give_back_carried(tollgate.subscriptions, text, bigint, timestamptz, timestamptz) is 'Gives back units that the current window carried over.';
