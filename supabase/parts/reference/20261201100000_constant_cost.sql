-- The views read the counters' rows. A view that is not ours stays.
do $$
declare
  v_name text;
begin
  foreach v_name in array array['subscriptions', 'profiles'] loop
    if obj_description(to_regclass('public.' || v_name)) in (
      'Plan and usage by user and product; a view of tollgate.subscriptions.',
      'Writer: plan and words used, one row per user.') then
      execute format('drop view public.%I', v_name);
    end if;
  end loop;
end
$$;
-- The name that the first document's monitoring queries read.
select tollgate.create_in_public('view', 'subscriptions', 'tollgate.subscriptions', array['service_role', 'authenticated'], $compat$
  create view public.subscriptions with (security_invoker = true) as
  select s.user_id, s.product, s.plan, s.status, s.processor, coalesce(c.usage, s.usage) as usage,
    coalesce(c.limits, s.limits) as limits, s.current_period_start, s.current_period_end, s.cancel_at, s.created_at,
    greatest(s.updated_at, c.updated_at) as updated_at
  from tollgate.subscriptions s
  left join lateral (
    select jsonb_object_agg(u.field, u.used) as usage, jsonb_object_agg(u.field, u.limit_amount) as limits,
      max(u.updated_at) as updated_at
    from tollgate.usage_counters u
    where u.user_id = s.user_id and u.product = s.product
  ) c on true;
  comment on view public.subscriptions is 'Plan and usage by user and product; a view of tollgate.subscriptions.';
$compat$);
-- The writer's plan and usage under the second document's names, for its monitoring queries.
select tollgate.create_in_public('view', 'profiles', 'tollgate.subscriptions', array['service_role', 'authenticated'], $compat$
  create view public.profiles with (security_invoker = true) as
  select
    u.user_id as id,
    u.email,
    s.plan as plan_type,
    c.used as words_used,
    c.limit_amount as words_limit,
    coalesce(s.current_period_start, s.window_start) as billing_period_start,
    coalesce(s.current_period_end, s.window_end) as billing_period_end,
    case when s.processor = 'stripe' then s.status end as stripe_subscription_status,
    greatest(s.updated_at, c.updated_at) as updated_at
  from tollgate.users u
  join tollgate.subscriptions s on s.user_id = u.user_id and s.product = 'writer'
  left join tollgate.usage_counters c on c.user_id = u.user_id and c.field = 'words_used';
  comment on view public.profiles is 'Writer: plan and words used, one row per user.';
$compat$);
-- Generated from supabase/schemas by scripts/database/write-migration.ts.
-- Functions use objects of later files.
set check_function_bodies = off;

-- supabase/schemas/reference/functions/chatbot_row.sql
-- Called by create_chatbot, list_chatbots and rename_chatbot: a chatbot as its user sees it.
create or replace function tollgate.chatbot_row(p_chatbot tollgate.chatbots) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', p_chatbot.id, 'name', p_chatbot.name, 'created_at', tollgate.instant_text(p_chatbot.created_at));
$$;

comment on function tollgate.chatbot_row(tollgate.chatbots) is 'A chatbot as its user sees it.';

-- supabase/schemas/reference/functions/check_functions.sql
-- The name in release 0.1.0.
create or replace function tollgate.check_functions() returns jsonb
language sql set search_path = ''
as $$
  select tollgate.probe_functions();
$$;

comment on function tollgate.check_functions() is 'Calls probe_functions.';

-- supabase/schemas/reference/functions/create_chatbot.sql
-- Called by POST /api/chatbots. The chatbot and its count are one transaction, under the row's lock, so the gauge equals
-- the number of chatbots. At the limit nothing is created, and the verdict is a denial.
-- Locks: the users row (hold_user), then the subscriptions row. Errors: TG400 bad name.
create or replace function tollgate.create_chatbot(p_user_id text, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record;
  v_row tollgate.subscriptions;
  v_gauge tollgate.usage_counters[];
  v_chatbot tollgate.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  -- A current row denies without its lock: a user at the limit costs no write.
  select * into v_row from tollgate.subscriptions s where s.user_id = p_user_id and s.product = 'chatbots';
  v_gauge := tollgate.counters_of(p_user_id, array['chatbots_count']);
  if cardinality(v_gauge) = 0 or not tollgate.is_current(v_row) or tollgate.has_capacity(v_gauge, array[1]) then
    perform tollgate.hold_user(p_user_id);
    v_lock := tollgate.lock_subscription(p_user_id, 'chatbots');
    v_gauge := tollgate.counters_of(p_user_id, array['chatbots_count']);
  end if;
  if not tollgate.has_capacity(v_gauge, array[1]) then
    return jsonb_build_object('chatbot', null, 'verdict', tollgate.verdict(v_gauge[1], false) || '{"resets_at": null}');
  end if;
  insert into tollgate.chatbots (user_id, name, created_at) values (p_user_id, p_name, v_lock.now_at)
  returning * into v_chatbot;
  return jsonb_build_object(
    'chatbot', tollgate.chatbot_row(v_chatbot),
    'verdict', tollgate.verdict(tollgate.change_gauge(p_user_id, 'chatbots_count', 1, v_lock.now_at), true) || '{"resets_at": null}');
end;
$$;

comment on function tollgate.create_chatbot(text, text) is 'Creates and counts a chatbot, if the plan allows one more.';

-- supabase/schemas/reference/functions/delete_chatbot.sql
-- Called by DELETE /api/chatbots/:id. The chatbot and its count are removed in one transaction. A missing chatbot, or
-- another user's, changes nothing. Locks: the subscriptions row.
create or replace function tollgate.delete_chatbot(p_user_id text, p_chatbot_id uuid) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_lock record := tollgate.lock_subscription(p_user_id, 'chatbots');
begin
  delete from tollgate.chatbots c where c.user_id = p_user_id and c.id = p_chatbot_id;
  if not found then
    return jsonb_build_object('deleted', false);
  end if;
  perform tollgate.change_gauge(p_user_id, 'chatbots_count', -1, v_lock.now_at);
  return jsonb_build_object('deleted', true);
end;
$$;

comment on function tollgate.delete_chatbot(text, uuid) is 'Deletes a chatbot and subtracts it from the count.';

-- supabase/schemas/reference/functions/installation_probes.sql
-- Called by probe_functions: the functions of the reference installation that others call by name, and a call of each.
create or replace function tollgate.installation_probes() returns jsonb
language sql immutable set search_path = ''
as $$
  select jsonb_build_array(
    jsonb_build_array('sync_chatbot_count', 'select tollgate.sync_chatbot_count(''tollgate-probe'')'));
$$;

comment on function tollgate.installation_probes() is 'Calls that check the reference installation''s own functions.';

-- supabase/schemas/reference/functions/list_chatbots.sql
-- Called by GET /api/chatbots and the page.
create or replace function tollgate.list_chatbots(p_user_id text) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(tollgate.chatbot_row(c) order by c.created_at, c.id), '[]')
  from tollgate.chatbots c
  where c.user_id = p_user_id;
$$;

comment on function tollgate.list_chatbots(text) is 'A user''s chatbots, oldest first.';

-- supabase/schemas/reference/functions/rename_chatbot.sql
-- Called by PATCH /api/chatbots/:id. A missing chatbot, or another user's, changes nothing. The count stays, so the
-- subscriptions row is not locked. Locks: the chatbot's row. Errors: TG400 bad name.
create or replace function tollgate.rename_chatbot(p_user_id text, p_chatbot_id uuid, p_name text) returns jsonb
language plpgsql set search_path = '' set lock_timeout = '500ms'
as $$
declare
  v_chatbot tollgate.chatbots;
begin
  if p_name is null or length(p_name) not between 1 and 80 then
    raise exception 'A name has 1 to 80 characters.' using errcode = 'TG400', detail = 'name';
  end if;
  update tollgate.chatbots c set name = p_name
  where c.user_id = p_user_id and c.id = p_chatbot_id
  returning * into v_chatbot;
  if not found then
    return jsonb_build_object('chatbot', null);
  end if;
  return jsonb_build_object('chatbot', tollgate.chatbot_row(v_chatbot));
end;
$$;

comment on function tollgate.rename_chatbot(text, uuid, text) is 'Gives a chatbot another name.';

-- supabase/schemas/reference/functions/sync_chatbot_count.sql
-- The documents' name for sync_gauge of the chatbots. Locks and errors: tollgate.sync_gauge.
create or replace function tollgate.sync_chatbot_count(p_user_id text) returns jsonb
language sql set search_path = ''
as $$
  select tollgate.sync_gauge(p_user_id, 'chatbots_count');
$$;

comment on function tollgate.sync_chatbot_count(text) is 'Sets chatbots_count to the number of chatbots and returns the drift.';

-- supabase/schemas/access.sql
-- Last: every object exists.
select tollgate.grant_access();

reset check_function_bodies;
