-- Called by the writer: words and one transformation, all or nothing. p_charges is [{"field", "amount"}, …].
-- Atomicity, locks and errors: charge_usage.
create or replace function public.consume_together(p_user_id text, p_charges jsonb) returns jsonb
language sql set search_path = ''
as $$
  select public.charge_usage(p_user_id, array_agg(c.field), array_agg(c.amount))
  from jsonb_to_recordset(p_charges) as c (field text, amount bigint);
$$;

comment on function public.consume_together(text, jsonb) is 'Counts several fields of one product, all or nothing; a verdict a field.';
revoke all on function public.consume_together(text, jsonb) from public, anon, authenticated;
grant execute on function public.consume_together(text, jsonb) to service_role;
