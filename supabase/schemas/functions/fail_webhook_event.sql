-- Called by receive() and the retry job if the decision of an event threw. The event stays undecided, with the error, and
-- is tried again after 1, 2, 4, 8 … minutes (6 hours at most). After p_attempts it is dead: visible, and a replay can
-- decide it.
create or replace function tollgate.fail_webhook_event(p_processor text, p_id text, p_error text, p_attempts integer)
returns jsonb
language sql set search_path = '' set lock_timeout = '3s'
as $$
  update tollgate.webhook_events e
  set attempts = e.attempts + 1,
    last_error = left(p_error, 2000),
    outcome = case when e.attempts + 1 >= p_attempts then 'dead' else e.outcome end,
    reason = case when e.attempts + 1 >= p_attempts then 'failed_at_every_attempt' else e.reason end,
    next_attempt_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(e.attempts, 20))
  where e.processor = p_processor and e.id = p_id and coalesce(e.outcome, '') not in ('applied', 'ignored', 'dead')
  returning jsonb_build_object('attempts', e.attempts, 'dead', e.outcome is not distinct from 'dead');
$$;

comment on function tollgate.fail_webhook_event(text, text, text, integer) is 'Stores a failed attempt to decide a webhook event; the last one makes it dead.';
