-- Called by commit_timeline, under the row's lock: whether facts of the same subscriptions in the user's other products are new
-- to the caller. The row's revision covers its own product only.
--   p_others  the ids of the facts of other products that the fold has read
create or replace function tollgate.has_other_facts(p_user_id text, p_product text, p_others jsonb, p_facts jsonb)
returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  if not tollgate.has_other_products(p_user_id, p_product) then
    return false;
  end if;
  return exists (
    select from tollgate.facts f
    where f.user_id = p_user_id and (f.product < p_product or f.product > p_product)
      and (f.body ? 'list' or f.body ? 'unlisted' or f.body ? 'truncated' or f.body ->> 'changeType' = 'deleted')
      and not (p_others ? f.fact_id)
      and (exists (
          select from tollgate.facts own
          where own.user_id = p_user_id and own.product = p_product and own.subscription_id = f.subscription_id)
        or exists (
          select from jsonb_array_elements(p_facts) as n (body) where n.body ->> 'subscription' = f.subscription_id)));
end;
$$;

comment on function tollgate.has_other_facts(text, text, jsonb, jsonb) is 'Whether facts of other products are new to a fold.';
