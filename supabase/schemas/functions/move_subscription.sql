-- Called by an admin's move of a subscription, with the result of the fold for both users. Writes all or nothing: the
-- link, the facts that the new user gets, and both users' timelines, counters and decisions.
--   p_parts: one per user and product, {user_id, product, revision, facts, timeline, decision, flags, others}
-- A part without a decision changes nothing that its user sees, since the product is not of this subscription. If the
-- link or a revision has changed, nothing is written and the answer is {moved: false}; the caller begins again.
-- Locks: both users' rows by user id (lock_user), the subscriptions rows by product and user id, then the link. A
-- webhook commits under one of these rows. So its facts are either copied with the others, or it finds the move and
-- delivers to both users.
create or replace function tollgate.move_subscription(
  p_processor text,
  p_subscription_id text,
  p_from_user_id text,
  p_to_user_id text,
  p_event jsonb,
  p_parts jsonb
) returns jsonb
language plpgsql set search_path = '' set plan_cache_mode = force_generic_plan set lock_timeout = '3s'
as $$
declare
  v_part jsonb;
begin
  perform tollgate.lock_user(u.user_id)
  from (select distinct v.user_id from (values (p_from_user_id), (p_to_user_id)) as v (user_id) order by v.user_id) u;
  for v_part in
    select part.value from jsonb_array_elements(p_parts) as part
    order by part.value ->> 'product', part.value ->> 'user_id'
  loop
    perform tollgate.lock_subscription(v_part ->> 'user_id', v_part ->> 'product');
  end loop;

  begin
    update tollgate.links l set user_id = p_to_user_id, source = 'admin'
    where l.processor = p_processor and l.kind = 'subscription' and l.external_id = p_subscription_id
      and l.user_id = p_from_user_id;
    if not found then
      raise exception 'moved on' using errcode = 'TG000';
    end if;
    for v_part in select part.value from jsonb_array_elements(p_parts) as part loop
      if jsonb_typeof(v_part -> 'decision') = 'object' then
        if not (tollgate.commit_timeline(v_part ->> 'user_id', v_part ->> 'product', (v_part ->> 'revision')::bigint,
          p_event || jsonb_build_object('flags', v_part -> 'flags', 'others', v_part -> 'others'), v_part -> 'facts',
          v_part -> 'timeline', v_part -> 'decision') ->> 'committed')::boolean then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
      else
        update tollgate.subscriptions s
        set revision = s.revision + 1, as_of = (v_part #>> '{timeline,as_of}')::timestamptz, folded_by = null
        where s.user_id = v_part ->> 'user_id' and s.product = v_part ->> 'product'
          and s.revision = (v_part ->> 'revision')::bigint;
        if not found then
          raise exception 'moved on' using errcode = 'TG000';
        end if;
        insert into tollgate.facts
          (user_id, product, fact_id, kind, processor, subscription_id, occurred_at, event_id, body)
        select v_part ->> 'user_id', v_part ->> 'product', f.body ->> 'id', f.body ->> 'kind', f.body ->> 'processor',
          f.body ->> 'subscription', (f.body ->> 'occurredAt')::timestamptz, p_event ->> 'id', f.body - 'occurredAt'
        from jsonb_array_elements(v_part -> 'facts') as f (body)
        on conflict (user_id, product, fact_id) do nothing;
        perform tollgate.replace_timeline(v_part ->> 'user_id', v_part ->> 'product', v_part -> 'timeline');
        perform tollgate.advance_window(v_part ->> 'user_id', v_part ->> 'product', greatest(
          tollgate.now_for(v_part ->> 'user_id'), (v_part #>> '{timeline,as_of}')::timestamptz));
      end if;
    end loop;
  exception when sqlstate 'TG000' then
    return jsonb_build_object('moved', false);
  end;
  return jsonb_build_object('moved', true);
end;
$$;

comment on function tollgate.move_subscription(text, text, text, text, jsonb, jsonb) is 'Moves a subscription from one user to another.';
