-- Called by the job of scheduled changes if the processor refused or did not answer: the change is tried again after five
-- minutes.
create or replace function tollgate.fail_scheduled_change(p_user_id text, p_product text, p_source text, p_error text)
returns jsonb
language sql set search_path = ''
as $$
  update tollgate.scheduled_change_runs r set last_error = left(p_error, 2000), next_attempt_at = now() + interval '5 minutes'
  where r.user_id = p_user_id and r.product = p_product and r.source = p_source
  returning jsonb_build_object('attempts', r.attempts);
$$;

comment on function tollgate.fail_scheduled_change(text, text, text, text) is 'Stores why a scheduled plan change could not be carried out.';
