-- Called by advance_window, under the row's lock. Computes the openings that are due, oldest first, each from the
-- window before it:
--   reset       starts at 0 and credits all usage
--   carry_over  credits usage up to the elapsed share of the plan's limits, and starts from the rest
--   preserve    (back to free) grows by the usage elsewhere beyond the free window's own count
-- The amount that an unpaid period credited is kept as unpaid_held, with that of the unpaid period before it.
create or replace function tollgate.open_windows(p_user_id text, p_product text, p_now timestamptz) returns void
language plpgsql set search_path = ''
as $$
declare
  v_window tollgate.usage_windows;
  v_base jsonb;
  v_own jsonb;
begin
  for v_window in
    select * from tollgate.usage_windows w
    where w.user_id = p_user_id and w.product = p_product and w.opening is null and w.opened_at <= p_now
      -- All windows before the last computed one are computed.
      and w.opened_at >= coalesce((
        select o.opened_at from tollgate.usage_windows o
        where o.user_id = p_user_id and o.product = p_product and o.opening is not null
        order by o.opened_at desc
        limit 1), '-infinity')
    order by w.opened_at, w.source
  loop
    v_base := case when v_window.from_source is not null then tollgate.window_used(
      p_user_id, p_product, v_window.from_source, v_window.from_period_start, v_window.from_window_start,
      v_window.from_counts_until, v_window.opened_at) end;
    v_own := case when v_window.transition_kind = 'preserve' then tollgate.window_used(
      p_user_id, p_product, v_window.source, v_window.period_start, v_window.window_start,
      v_window.counts_until, v_window.opened_at) end;

    update tollgate.usage_windows w
    set (opening, credited, unpaid_held) = (
      select
        jsonb_object_agg(f.field, case w.transition_kind
          when 'reset' then 0
          when 'carry_over' then f.base - least(f.base, f.share)
          else f.opening + greatest(0, f.base - f.own) end),
        jsonb_object_agg(f.field, f.credited),
        jsonb_object_agg(f.field, case when w.unpaid then f.credited + f.held_before else 0 end)
      from (
        select m.field, n.base, n.own, n.share, n.opening, n.held_before,
          case w.transition_kind when 'reset' then n.base when 'carry_over' then least(n.base, n.share) else 0 end as credited
        from tollgate.catalog_meters m
        cross join lateral (
          select
            coalesce((v_base ->> m.field)::bigint, 0) as base,
            coalesce((v_own ->> m.field)::bigint, 0) as own,
            coalesce((w.share ->> m.field)::bigint, 0) as share,
            coalesce((
              select (o.opening ->> m.field)::bigint from tollgate.usage_windows o
              where o.user_id = p_user_id and o.product = p_product and o.source = w.source
                and o.window_start = w.window_start and o.opening is not null
              order by o.opened_at desc limit 1), 0) as opening,
            coalesce((
              select (o.unpaid_held ->> m.field)::bigint from tollgate.usage_windows o
              where w.withheld_from_previous and o.user_id = p_user_id and o.product = p_product
                and o.source = w.from_source and o.window_start = w.from_period_start), 0) as held_before
        ) n
        where m.product = p_product and m.kind = 'counter'
      ) f
    )
    where w.user_id = p_user_id and w.product = p_product and w.source = v_window.source
      and w.window_start = v_window.window_start and w.opened_at = v_window.opened_at;
  end loop;
end;
$$;

comment on function tollgate.open_windows(text, text, timestamptz) is 'Computes the openings of usage windows that have begun.';
