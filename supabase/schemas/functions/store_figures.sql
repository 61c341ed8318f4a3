-- Called by the metrics job at the end of a walk: replaces the figures that billing_metrics and service_health read.
create or replace function tollgate.store_figures(p_name text, p_value jsonb) returns jsonb
language sql set search_path = ''
as $$
  insert into tollgate.figures as f (name, value, measured_at) values (p_name, p_value, clock_timestamp())
  on conflict (name) do update set value = excluded.value, measured_at = excluded.measured_at
  returning jsonb_build_object('measured_at', tollgate.instant_text(f.measured_at));
$$;

comment on function tollgate.store_figures(text, jsonb) is 'Stores figures of the whole deployment.';
