-- Called by the cleanup job: deletes idempotency keys after p_hours, and reservations that ended a day before that. At most
-- p_rows of each per call, so that no call holds its locks for long; "more" means that there may be others.
create or replace function tollgate.cleanup_usage(p_hours integer default 48, p_rows integer default 5000) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '3s'
as $$
declare
  v_keys bigint;
  v_reservations bigint;
begin
  delete from tollgate.idempotency_keys k
  where k.ctid = any (array(
    select o.ctid
    from tollgate.idempotency_keys o
    where o.created_at < now() - make_interval(hours => p_hours)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_keys = row_count;
  delete from tollgate.reservations r
  where r.ctid = any (array(
    select o.ctid
    from tollgate.reservations o
    where o.state <> 'open' and o.created_at < now() - make_interval(hours => p_hours + 24)
    order by o.created_at
    limit p_rows
    for update skip locked));
  get diagnostics v_reservations = row_count;
  return jsonb_build_object(
    'keys', v_keys, 'reservations', v_reservations, 'more', greatest(v_keys, v_reservations) >= p_rows);
end;
$$;

comment on function tollgate.cleanup_usage(integer, integer) is 'Deletes old idempotency keys and ended reservations.';
