-- Called by resolve_links and begin_move: the number of a subscription's moves between users, and its former users with the
-- instants of their ends. Each move is one fact of both users, under one id.
create or replace function tollgate.moves_of(p_processor text, p_subscription_id text, p_user_id text) returns jsonb
language plpgsql stable set search_path = ''
as $$
begin
  if not exists (
    select from tollgate.facts f
    where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id
  ) then
    return '{"moves": 0, "former": []}';
  end if;
  return jsonb_build_object(
    'moves', (
      select count(distinct f.fact_id) from tollgate.facts f
      where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id),
    'former', coalesce((
      select jsonb_agg(jsonb_build_object('user_id', u.user_id, 'until', tollgate.instant_text(u.until)) order by u.user_id)
      from (
        select f.user_id, max(f.occurred_at) as until from tollgate.facts f
        where f.kind = 'transfer' and f.processor = p_processor and f.subscription_id = p_subscription_id
          and f.user_id is distinct from p_user_id
        group by f.user_id) u), '[]'));
end;
$$;

comment on function tollgate.moves_of(text, text, text) is 'Moves of a subscription between users, and its former users.';
