-- Called by receive() before it folds: every fact of the user and product, the revision that commit_timeline will
-- compare, and the day that anchors the free windows.
create or replace function public.load_timeline(p_user_id text, p_product text) returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_row public.subscriptions;
begin
  perform public.ensure_subscription(p_user_id, p_product);
  select * into v_row from public.subscriptions s where s.user_id = p_user_id and s.product = p_product;
  return jsonb_build_object(
    'revision', v_row.revision,
    'free_anchor', public.instant_text(v_row.created_at),
    'facts', coalesce((
      select jsonb_agg(f.body order by f.fact_id) from public.facts f
      where f.user_id = p_user_id and f.product = p_product), '[]'),
    -- A subscription's end is the end of all its products, also of one that was not known when it ended.
    'ends', coalesce((
      select jsonb_agg(e.body order by e.fact_id)
      from (
        select distinct on (f.fact_id) f.fact_id,
          f.body || jsonb_build_object('image', f.body -> 'image' || '{"plan": null, "interval": null}') as body
        from public.facts f
        where f.user_id = p_user_id and f.product <> p_product and f.body ->> 'life' = 'deleted'
      ) e), '[]'));
end;
$$;

comment on function public.load_timeline(text, text) is 'Facts, revision and free anchor of a user and product.';
revoke all on function public.load_timeline(text, text) from public, anon, authenticated;
grant execute on function public.load_timeline(text, text) to service_role;
