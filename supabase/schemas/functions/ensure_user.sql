-- Called with every user of a request or an event. A null never deletes a known e-mail or name. If an erasure deletes the
-- row meanwhile, it is created again.
-- Errors: TG400 an id that is empty, longer than 255 characters or has control characters.
create or replace function tollgate.ensure_user(p_user_id text, p_email text default null, p_name text default null)
returns jsonb
language plpgsql set search_path = ''
as $$
declare
  v_user tollgate.users;
begin
  if p_user_id is null or p_user_id !~ '^[^[:cntrl:]]{1,255}$' then
    raise exception 'A user id has 1 to 255 characters and no control characters.'
      using errcode = 'TG400', detail = 'userId';
  end if;
  loop
    select * into v_user from tollgate.users u where u.user_id = p_user_id;
    if not found then
      insert into tollgate.users (user_id, email, name, created_at)
      values (p_user_id, p_email, p_name, tollgate.now_for(p_user_id))
      on conflict (user_id) do nothing
      returning * into v_user;
    elsif v_user.email is distinct from coalesce(p_email, v_user.email)
      or v_user.name is distinct from coalesce(p_name, v_user.name) then
      update tollgate.users u set email = coalesce(p_email, u.email), name = coalesce(p_name, u.name)
      where u.user_id = p_user_id
      returning * into v_user;
    end if;
    exit when v_user.user_id is not null;
  end loop;
  return jsonb_build_object('user_id', v_user.user_id, 'email', v_user.email, 'name', v_user.name);
end;
$$;

comment on function tollgate.ensure_user(text, text, text) is 'Creates or completes a users row and returns it.';
