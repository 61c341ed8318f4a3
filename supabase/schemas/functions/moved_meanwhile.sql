-- Called by commit_timeline, under the row's lock, which a move takes too. Returns whether an admin moved the
-- subscription of these facts between users after the caller read its users. The p_moves is the number of moves that
-- the caller knew. It is null for facts of the present user, such as our own schedule. The facts of a move itself are
-- never late.
create or replace function tollgate.moved_meanwhile(p_user_id text, p_facts jsonb, p_moves integer) returns boolean
language plpgsql stable set search_path = ''
as $$
begin
  return (
    select exists (
      select
      from (
        select f.body ->> 'processor' as processor, f.body ->> 'subscription' as subscription_id
        from jsonb_array_elements(p_facts) as f (body)
        group by 1, 2
        having not bool_or(f.body ->> 'kind' = 'transfer')
      ) s
      cross join lateral (
        select count(distinct t.fact_id) as moves from tollgate.facts t
        where t.kind = 'transfer' and t.processor = s.processor and t.subscription_id = s.subscription_id
      ) t
      where case
        when p_moves is not null then t.moves <> p_moves
        else t.moves > 0 and exists (
          select from tollgate.links l
          where l.processor = s.processor and l.kind = 'subscription' and l.external_id = s.subscription_id
            and l.user_id <> p_user_id) end));
end;
$$;

comment on function tollgate.moved_meanwhile(text, jsonb, integer) is 'Whether a subscription was moved since its users were read.';
