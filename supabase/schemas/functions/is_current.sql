-- Called before a row is believed without its lock: whether it needs no turning and no review yet.
create or replace function public.is_current(p_row public.subscriptions) returns boolean
language plpgsql volatile set search_path = ''
as $$
begin
  return greatest(public.now_for(p_row.user_id), p_row.as_of) < least(p_row.turns_at, p_row.review_at);
end;
$$;

comment on function public.is_current(public.subscriptions) is 'Whether a row may be believed as it stands.';
revoke all on function public.is_current(public.subscriptions) from public, anon, authenticated;
grant execute on function public.is_current(public.subscriptions) to service_role;
