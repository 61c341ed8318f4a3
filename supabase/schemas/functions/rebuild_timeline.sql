-- Called by npm run db:rebuild. Computes subscription records, periods, windows and counters again, from p_timeline (all
-- facts, folded anew) and the ledger. Returns the parts that differ. Without p_repair nothing changes. Compare-and-swap on
-- the revision, as commit_timeline.
-- Locks: the subscriptions row.
create or replace function tollgate.rebuild_timeline(
  p_user_id text,
  p_product text,
  p_revision bigint,
  p_timeline jsonb,
  p_repair boolean
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
as $$
declare
  v_lock record := tollgate.lock_subscription(p_user_id, p_product);
  v_row tollgate.subscriptions := v_lock.locked;
  v_stored jsonb;
  v_rebuilt jsonb;
begin
  if v_row.revision <> p_revision then
    return jsonb_build_object('moved', true, 'differences', '[]'::jsonb);
  end if;
  v_stored := tollgate.timeline_state(p_user_id, p_product);
  begin
    delete from tollgate.entitlement_periods s where s.user_id = p_user_id and s.product = p_product;
    delete from tollgate.usage_windows w where w.user_id = p_user_id and w.product = p_product;
    perform tollgate.replace_timeline(p_user_id, p_product, p_timeline);
    update tollgate.subscriptions s set as_of = (p_timeline ->> 'as_of')::timestamptz, folded_by = null
    where s.user_id = p_user_id and s.product = p_product;
    perform tollgate.advance_window(p_user_id, p_product, v_lock.now_at);
    v_rebuilt := tollgate.timeline_state(p_user_id, p_product);
    if not p_repair then
      raise exception 'compared' using errcode = 'TG000';
    end if;
  exception when sqlstate 'TG000' then
    -- All changes since "begin" are undone; the result is kept.
  end;
  return jsonb_build_object('moved', false, 'differences', (
    select coalesce(jsonb_agg(jsonb_build_object(
      'part', p.part, 'stored', v_stored -> p.part, 'rebuilt', v_rebuilt -> p.part) order by p.part), '[]')
    from jsonb_object_keys(v_stored) as p (part)
    where v_stored -> p.part is distinct from v_rebuilt -> p.part));
end;
$$;

comment on function tollgate.rebuild_timeline(text, text, bigint, jsonb, boolean) is 'Computes a user''s timeline and counters again and returns the differences.';
