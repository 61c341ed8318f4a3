-- The current entitlement: the row that every function but the gate's batch locks first. One row per user and product,
-- free ones too.
create table tollgate.subscriptions (
  user_id text not null references tollgate.users (user_id),
  product text not null,
  plan text not null,
  -- The plan whose limits apply: a lower one while an upgrade or a trial is not paid for.
  limit_plan text not null,
  status text not null default 'free',
  processor text,
  subscription_id text,
  billing_interval text,
  quantity integer not null default 1,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at timestamptz,
  scheduled_plan text,
  source text not null default 'free',
  window_start timestamptz not null,
  window_end timestamptz not null,
  -- From this time on the row must be set to the next window or entitlement period before its use.
  advance_at timestamptz not null,
  -- The counters of release 0.1.0, by field name, until convert_counters has moved them to usage_counters; then null. A
  -- process of that release may still run, so these columns stay for one release.
  usage jsonb,
  reserved jsonb not null default '{}',
  unpaid_held jsonb not null default '{}',
  -- The time of the latest event. Processors' test clocks run ahead, so the row's clock is never earlier.
  as_of timestamptz not null default '-infinity',
  -- Raised by billing facts only, never by consumption; commit_timeline compares it.
  revision bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  limits jsonb not null default '{}',
  -- From this time on reserved and limits must be computed again: a reservation or an override expires.
  refresh_at timestamptz not null default '-infinity',
  -- The rules and the configuration of the fold that made the stored timeline; null: unknown.
  folded_by text,
  primary key (user_id, product),
  check (window_start < window_end)
) with (fillfactor = 70);
comment on table tollgate.subscriptions is 'The current plan, one row per user and product.';

-- The counters and gauges: the rows that the gate charges. Each has all that a charge needs, so that a batch reads no other
-- table. No index but the key, and free space on every page, so that a charge is a HOT update.
create table tollgate.usage_counters (
  user_id text not null,
  field text not null,
  product text not null,
  plan text not null,
  -- Of a counter: the units of the current window. Of a gauge: the number of things.
  used bigint not null,
  reserved bigint not null default 0,
  unpaid_held bigint not null default 0,
  -- The plan's limit for the user's quantity, or the user's own limit.
  limit_amount bigint not null,
  window_start timestamptz not null,
  window_end timestamptz not null,
  -- As in subscriptions: the row's time is never earlier.
  as_of timestamptz not null,
  -- How far the sandbox has moved the user's clock.
  clock_ahead interval not null default '0',
  -- From this time on the row must be computed again before its use. -infinity: at each use, under the subscriptions row's
  -- lock. So it is for gauges.
  current_until timestamptz not null,
  -- usage_hours has the sums of all rows before this time, a multiple of five minutes. A row that is written there later changes
  -- the hour's sum.
  summed_until timestamptz not null default '-infinity',
  -- The end of the hours that are being summed; else summed_until. A row that is written between both sets it back, so that
  -- the hours are summed again.
  summing_until timestamptz not null default '-infinity',
  -- Counts the beginnings of a summing: one that was begun before another stores nothing.
  summing_round bigint not null default 0,
  updated_at timestamptz not null,
  primary key (user_id, field),
  check (summed_until <= summing_until)
) with (fillfactor = 70);
comment on table tollgate.usage_counters is 'Used, reserved and allowed units, one row per user and meter.';

-- Every accepted unit, with its time. A counter is the opening plus the sum of the window's rows.
create sequence tollgate.usage_ledger_entry as bigint cache 64;
create table tollgate.usage_ledger (
  user_id text not null,
  product text not null,
  field text not null,
  at timestamptz not null,
  -- Negative: units that were given back.
  amount bigint not null check (amount <> 0),
  entry bigint not null default nextval('tollgate.usage_ledger_entry'),
  idempotency_key text,
  -- Of a charge: the units that later rows gave back. Each of those rows has the charge's key.
  given_back bigint not null default 0 check (given_back between 0 and greatest(amount, 0)),
  primary key (user_id, field, at, entry)
) partition by range (at);
comment on table tollgate.usage_ledger is 'Every accepted unit of usage with its time; counters are sums over it.';
create table tollgate.usage_ledger_default partition of tollgate.usage_ledger default;

-- The ledger's sums by hour, of rows before the counter's summed_until. An hour without a row has no usage.
create table tollgate.usage_hours (
  user_id text not null,
  field text not null,
  hour timestamptz not null,
  amount bigint not null,
  primary key (user_id, field, hour)
) partition by range (hour);
comment on table tollgate.usage_hours is 'Usage per user, meter and hour; sums of the ledger.';
create table tollgate.usage_hours_default partition of tollgate.usage_hours default;

-- The answer to a call with a key, so that a retry is not charged again. Only allowed verdicts. A key names one charge
-- in effect. Once any of the charge is given back, the key is free and the next allowed call replaces the row. The key
-- of a reservation is free by the reservation's own state (reserve_key_state).
create table tollgate.idempotency_keys (
  user_id text not null,
  operation text not null check (operation in ('consume', 'release', 'reserve', 'gauge')),
  key text not null check (length(key) between 1 and 255),
  request jsonb not null,
  verdict jsonb not null,
  charged_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- The ledger rows of a consume call's charge; null for other operations and for charges of older versions.
  entries bigint[],
  -- Some of the charge was given back: the key is free.
  reversed boolean not null default false,
  -- A session stored the key. A user can predict a service's key, so the keys of both are apart.
  by_session boolean not null default false,
  primary key (user_id, operation, key, by_session)
);
comment on table tollgate.idempotency_keys is 'Allowed verdicts by the caller''s key.';
create index idempotency_keys_created on tollgate.idempotency_keys (created_at);

-- An amount for work whose cost is known afterwards. It is reserved, and settled to the used amount.
create table tollgate.reservations (
  user_id text not null,
  reservation_id uuid not null default gen_random_uuid(),
  product text not null,
  field text not null,
  amount bigint not null check (amount > 0),
  -- The time at which its usage counts, also if it is settled later.
  at timestamptz not null,
  expires_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'settled', 'expired')),
  -- The settled amount and the answer: a retry gets the same.
  requested bigint,
  verdict jsonb,
  created_at timestamptz not null default now(),
  -- The ledger row that the settlement wrote, and its time; null if it wrote none.
  charge bigint,
  charged_at timestamptz,
  primary key (user_id, reservation_id),
  check ((state = 'settled') = (verdict is not null and requested is not null))
);
comment on table tollgate.reservations is 'Amounts reserved for work under way, each settled or expired once.';
create index reservations_open on tollgate.reservations (user_id, product) where state = 'open';
-- For the cleanup job.
create index reservations_ended on tollgate.reservations (created_at) where state <> 'open';
create index reservations_due on tollgate.reservations (expires_at) where state = 'open';

-- Replaces the plan's limit for one user and never changes the plan.
create table tollgate.limit_overrides (
  user_id text not null references tollgate.users (user_id),
  field text not null,
  limit_amount bigint not null check (limit_amount between 0 and 9007199254740991),
  expires_at timestamptz not null default 'infinity',
  granted_by text not null,
  reason text,
  created_at timestamptz not null default now(),
  primary key (user_id, field)
);
comment on table tollgate.limit_overrides is 'One user''s own limit of one meter, until it expires.';

insert into tollgate.table_rights (table_name, app, users) values
  ('subscriptions', 'select, insert, update, delete', 'own'),
  ('usage_counters', 'select, insert, update, delete', 'own'),
  ('usage_ledger', 'select, insert, update, delete', 'own'),
  ('usage_hours', 'select, insert, update, delete', 'own'),
  ('idempotency_keys', 'select, insert, update, delete', null),
  ('reservations', 'select, insert, update, delete', 'own'),
  ('limit_overrides', 'select, insert, update, delete', 'own');
