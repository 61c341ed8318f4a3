-- Called by checkout after the processor has made it and before its address is returned. Links it to its user and opens
-- it, so that its events find their user. If another request opened a checkout meanwhile, it opens nothing, and the
-- caller closes its own. It never moves a link.
-- Locks: the users row, so that an erasure comes before or after: a checkout of an erased account is not opened.
-- Errors: TG409 linked to another user.
create or replace function tollgate.open_checkout(
  p_user_id text,
  p_checkout_id uuid,
  p_external_id text,
  p_url text
) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_checkout tollgate.checkouts;
begin
  perform from tollgate.users u where u.user_id = p_user_id for key share;
  update tollgate.checkouts c
  set status = 'open', external_id = p_external_id, url = p_url, updated_at = now()
  where c.user_id = p_user_id and c.checkout_id = p_checkout_id and c.status = 'opening'
  returning * into v_checkout;
  if not found then
    return jsonb_build_object('opened', false);
  end if;
  perform tollgate.link_transaction(v_checkout.processor, p_external_id, p_user_id);
  return jsonb_build_object('opened', true);
end;
$$;

comment on function tollgate.open_checkout(text, uuid, text, text) is 'Stores the processor''s checkout and links it to its user.';
