-- Called by replace_timeline and change_timeline, under the row's lock.
--   p_checkpoint  {cut, body}
create or replace function tollgate.store_checkpoint(p_user_id text, p_product text, p_checkpoint jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
  insert into tollgate.checkpoints as c (user_id, product, cut, body)
  values (p_user_id, p_product, (p_checkpoint ->> 'cut')::timestamptz, p_checkpoint -> 'body')
  on conflict (user_id, product) do update set cut = excluded.cut, body = excluded.body;
end;
$$;

comment on function tollgate.store_checkpoint(text, text, jsonb) is 'Replaces the checkpoint of a user and product.';
