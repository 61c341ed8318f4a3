-- The window of p_at: the same arithmetic as windowAt in lib/billing/timeline/calendar.ts (a test compares them). Months
-- are counted from the anchor in closed form: Jan 31, Feb 28, Mar 31. After the period's end the last window continues
-- until an event opens the next period. counts_until is null for such a last window.
create or replace function tollgate.window_at(
  p_cadence text,
  p_anchor timestamptz,
  p_period_end timestamptz,
  p_at timestamptz,
  out window_start timestamptz,
  out window_end timestamptz,
  out counts_until timestamptz
)
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  v_anchor timestamp := p_anchor at time zone 'UTC';
  v_at timestamp := p_at at time zone 'UTC';
  v_months integer;
begin
  if p_cadence = 'daily' then
    window_start := date_trunc('day', v_at) at time zone 'UTC';
    window_end := window_start + interval '24 hours';
  elsif p_cadence = 'billing_period' then
    window_start := p_anchor;
    window_end := p_period_end;
  else
    if p_period_end is not null then
      v_at := greatest(v_anchor, least(v_at, (p_period_end at time zone 'UTC') - interval '1 millisecond'));
    end if;
    v_months := (extract(year from v_at) - extract(year from v_anchor)) * 12
      + extract(month from v_at) - extract(month from v_anchor);
    if v_anchor + make_interval(months => v_months) > v_at then
      v_months := v_months - 1;
    end if;
    window_start := (v_anchor + make_interval(months => v_months)) at time zone 'UTC';
    window_end := least((v_anchor + make_interval(months => v_months + 1)) at time zone 'UTC', p_period_end);
  end if;
  if p_period_end is null or window_end < p_period_end then
    counts_until := window_end;
  end if;
end;
$$;

comment on function tollgate.window_at(text, timestamptz, timestamptz, timestamptz) is 'The usage window of an instant, by cadence, anchor and billing period.';
