-- Called by receive(): whose event is this? By our own links of its customer, its subscription and the transaction
-- that our server made for the checkout, or by the user id that our own server wrote at the processor
-- (p_trusted_user_id). Makes the missing links of customer and subscription. Never moves one: where they name
-- different users, nothing is written and the answer is a conflict. Answers with the events that waited for them, too.
create or replace function public.resolve_links(
  p_processor text,
  p_customer_id text,
  p_subscription_id text,
  p_trusted_user_id text,
  p_transaction_id text default null
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_users text[];
  v_customer_id text := p_customer_id;
  v_made integer;
begin
  -- A Paddle checkout's customer follows the e-mail that the payer types: it is no word on who they are. Only where our
  -- own server or an admin has linked it does it count, and no event makes such a link.
  if p_processor = 'paddle' and not exists (
    select from public.links l
    where l.processor = p_processor and l.kind = 'customer' and l.external_id = p_customer_id
      and l.source in ('admin', 'checkout')
  ) then
    v_customer_id := null;
  end if;
  select array_agg(distinct u.user_id) into v_users
  from (
    select l.user_id from public.links l
    where l.processor = p_processor
      and ((l.kind = 'customer' and l.external_id = v_customer_id)
        or (l.kind = 'subscription' and l.external_id = p_subscription_id)
        or (l.kind = 'transaction' and l.external_id = p_transaction_id))
    union all
    select p_trusted_user_id where p_trusted_user_id is not null
  ) u;
  if v_users is null then
    return jsonb_build_object('user_id', null, 'conflict', false, 'waiting', '[]'::jsonb);
  elsif cardinality(v_users) > 1 then
    return jsonb_build_object('user_id', null, 'conflict', true, 'waiting', '[]'::jsonb);
  end if;

  begin
    perform public.ensure_user(v_users[1], null, null);
    insert into public.links (processor, kind, external_id, user_id, source)
    select p_processor, i.kind, i.external_id, v_users[1],
      case when p_trusted_user_id is null then 'event' else 'metadata' end
    from (values ('customer', v_customer_id), ('subscription', p_subscription_id)) as i (kind, external_id)
    where i.external_id is not null
    on conflict (processor, kind, external_id) do nothing;
    get diagnostics v_made = row_count;
    -- Another delivery may have linked one of them meanwhile, to somebody else: then neither is ours.
    if exists (
      select from public.links l
      where l.processor = p_processor and l.user_id <> v_users[1]
        and ((l.kind = 'customer' and l.external_id = v_customer_id)
          or (l.kind = 'subscription' and l.external_id = p_subscription_id))
    ) then
      raise exception 'linked meanwhile' using errcode = 'TG000';
    end if;
    if v_made > 0 then
      perform public.attach_notes(p_processor, v_users[1], v_customer_id, p_subscription_id, null);
    end if;
  exception when sqlstate 'TG000' then
    return jsonb_build_object('user_id', null, 'conflict', true, 'waiting', '[]'::jsonb);
  end;
  return jsonb_build_object(
    'user_id', v_users[1],
    'conflict', false,
    'waiting', public.waiting_events(p_processor, p_customer_id, p_subscription_id));
end;
$$;

comment on function public.resolve_links(text, text, text, text, text) is 'Finds whose a processors customer or subscription is, and links them.';
revoke all on function public.resolve_links(text, text, text, text, text) from public, anon, authenticated;
grant execute on function public.resolve_links(text, text, text, text, text) to service_role;
