-- Called before facts of other products are searched: whether the user has any. Most users have one product.
create or replace function tollgate.has_other_products(p_user_id text, p_product text) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  -- Two searches by index. With one, all facts of the own product are read too.
  return exists (select from tollgate.facts f where f.user_id = p_user_id and f.product < p_product)
    or exists (select from tollgate.facts f where f.user_id = p_user_id and f.product > p_product);
end;
$$;

comment on function tollgate.has_other_products(text, text) is 'Whether a user has facts of other products.';
