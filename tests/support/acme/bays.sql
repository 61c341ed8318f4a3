-- The table that Acme's gauge counts. An adopter writes such a table and names it in the config.
create table tollgate.bays (
  user_id text not null references tollgate.users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);

insert into tollgate.table_rights (table_name, app, users) values
  ('bays', 'select, insert, update, delete', 'own');

-- The bay and its count are one transaction, under the row's lock. At the limit nothing is created.
create function tollgate.create_bay(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_gauge tollgate.usage_counters[];
  v_bay tollgate.bays;
begin
  perform tollgate.hold_user(p_user_id);
  v_lock := tollgate.lock_subscription(p_user_id, 'depot');
  v_gauge := tollgate.counters_of(p_user_id, array['bays_count']);
  if not tollgate.has_capacity(v_gauge, array[1]) then
    return jsonb_build_object('bay', null, 'verdict', tollgate.verdict(v_gauge[1], false) || '{"resets_at": null}');
  end if;
  insert into tollgate.bays (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at) returning * into v_bay;
  return jsonb_build_object(
    'bay', jsonb_build_object('id', v_bay.id, 'name', v_bay.name),
    'verdict', tollgate.verdict(tollgate.change_gauge(p_user_id, 'bays_count', 1, v_lock.now_at), true) || '{"resets_at": null}');
end;
$$;

create function tollgate.delete_bay(p_user_id text, p_bay_id uuid) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_deleted boolean;
begin
  perform tollgate.lock_subscription(p_user_id, 'depot');
  delete from tollgate.bays b where b.user_id = p_user_id and b.id = p_bay_id;
  v_deleted := found;
  if v_deleted then
    perform tollgate.change_gauge(p_user_id, 'bays_count', -1, tollgate.now_for(p_user_id));
  end if;
  return jsonb_build_object('deleted', v_deleted);
end;
$$;
