-- Called before every fold. Returns the facts of the user and product, the revision that commit_timeline compares, and
-- the date that anchors the free windows. The "others" are facts of the same subscriptions in the user's other
-- products. They include the facts of p_subscription_id, which this product may not know yet. They have the shared
-- status, item lists and unlisted charges.
-- Without p_whole and with a checkpoint, the facts are those since its cut. "unsummed" means that the ledger has many rows
-- without a sum by hour: sum_hours comes first, so that the commit holds its locks for a short time.
-- Without p_whole, facts are text: their keys stay as stored, and the documents of the callers copy them fast. Release 0.1.0
-- reads whole timelines only.
-- Locks: the users row (hold_user), so that no erasure deletes the rows meanwhile.
create or replace function tollgate.load_timeline(
  p_user_id text,
  p_product text,
  p_subscription_id text default null,
  p_whole boolean default true
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan
as $$
declare
  v_row tollgate.subscriptions;
  v_checkpoint tollgate.checkpoints;
  v_facts text;
  v_others text := '[]';
begin
  perform tollgate.hold_user(p_user_id);
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  if not found then
    perform tollgate.ensure_subscription(p_user_id, p_product);
    select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  end if;
  if not p_whole then
    select * into v_checkpoint from tollgate.checkpoints c where c.user_id = p_user_id and c.product = p_product;
  end if;
  -- Ordered by an expression: the index on the id would read the facts before the cut too.
  select '[' || coalesce(string_agg(f.body::text, ',' order by f.fact_id || ''), '') || ']' into v_facts from tollgate.facts f
  where f.user_id = p_user_id and f.product = p_product and f.occurred_at >= coalesce(v_checkpoint.cut, '-infinity');
  if tollgate.has_other_products(p_user_id, p_product) then
    select '[' || coalesce(string_agg(o.body::text, ',' order by o.fact_id), '') || ']' into v_others
    from (
      select distinct on (f.fact_id) f.fact_id, f.body
      from tollgate.facts f
      -- Not "<>", which would read all facts of this product too.
      where f.user_id = p_user_id and (f.product < p_product or f.product > p_product)
        and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'changeType' = 'deleted')
        and (f.subscription_id = p_subscription_id or exists (
          select from tollgate.facts own
          where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id))
      order by f.fact_id, f.product
    ) o;
  end if;
  return jsonb_build_object(
    'revision', v_row.revision,
    'folded_by', v_row.folded_by,
    'free_anchor', tollgate.instant_text(v_row.created_at),
    'checkpoint', v_checkpoint.body::text,
    'unsummed', not p_whole and tollgate.has_unsummed_hours(p_user_id, p_product, v_row.as_of),
    'facts', case when p_whole then to_jsonb(v_facts::json) else to_jsonb(v_facts) end,
    'others', case when p_whole then to_jsonb(v_others::json) else to_jsonb(v_others) end);
end;
$$;

comment on function tollgate.load_timeline(text, text, text, boolean) is 'Facts, revision and free anchor of a user and product.';
