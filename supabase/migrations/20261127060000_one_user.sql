-- Shorter waits for locks outside the gate: a call that waits for a user's row holds a connection of the pool. Functions
-- that store what a processor has done already (open_checkout, link_customer, commit_timeline) keep their three seconds.
alter function public.create_chatbot(text, text) set lock_timeout = '500ms';
alter function public.delete_chatbot(text, uuid) set lock_timeout = '500ms';
alter function public.rename_chatbot(text, uuid, text) set lock_timeout = '500ms';
alter function public.validate_plan_change(text, text, text) set lock_timeout = '500ms';
alter function public.get_usage(text) set lock_timeout = '500ms';
alter function public.get_entitlements(text) set lock_timeout = '500ms';
alter function public.dismiss_notice(text, bigint) set lock_timeout = '500ms';
alter function public.begin_checkout(text, text, text, text, text, boolean) set lock_timeout = '500ms';
alter function public.erase_account(text) set lock_timeout = '500ms';
alter function public.peek_subscription(text, text, jsonb) set lock_timeout = '500ms';
alter function public.count_attempt(text, text, integer, integer) set lock_timeout = '500ms';
alter function public.count_attempts(jsonb) set lock_timeout = '500ms';
alter function public.return_attempts(jsonb) set lock_timeout = '500ms';
