-- One row per webhook event, written before its decision, so that an acknowledged event is never lost.
create table tollgate.webhook_events (
  processor text not null check (processor in ('stripe', 'paddle')),
  id text not null,
  event_type text not null,
  -- The signed bytes. jsonb refuses \u0000 and lone surrogates, so payload is only a readable copy.
  raw bytea not null,
  payload jsonb,
  livemode boolean,
  occurred_at timestamptz,
  created_at timestamptz not null default now(),
  -- null: not decided yet; the next delivery or the retry job decides it. dead: every attempt threw.
  outcome text check (outcome in ('applied', 'ignored', 'deferred', 'quarantined', 'dead')),
  reason text,
  processed_at timestamptz,
  deliveries integer not null default 1,
  attempts integer not null default 0,
  -- When the retry job may take an undecided event. A claim postpones it, so that two jobs do not take one event.
  next_attempt_at timestamptz not null default now() + interval '1 minute',
  last_error text,
  -- The link that a deferred event waits for.
  user_id text,
  customer_id text,
  subscription_id text,
  -- The user that only the browser names (Paddle's custom_data): shown to the admin, never trusted.
  hint_user_id text,
  primary key (processor, id)
);
comment on table tollgate.webhook_events is 'The inbox: the signed bytes of every event, and its outcome.';

-- The jobs, the metrics and the admin's page read these few, however many decided events there are.
create index webhook_events_waiting on tollgate.webhook_events (next_attempt_at)
  where outcome is null or outcome in ('deferred', 'quarantined', 'dead');
create index webhook_events_waiting_customer on tollgate.webhook_events (processor, customer_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_waiting_subscription on tollgate.webhook_events (processor, subscription_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_created on tollgate.webhook_events (created_at);
-- The last event of each processor, also of one that has sent none for long.
create index webhook_events_last on tollgate.webhook_events (processor, created_at);

-- The user of a customer, subscription or transaction at a processor. The key allows one user each. Only an admin moves
-- a link of a subscription, by move_subscription.
create table tollgate.links (
  processor text not null check (processor in ('stripe', 'paddle')),
  kind text not null check (kind in ('customer', 'subscription', 'transaction')),
  external_id text not null,
  user_id text not null references tollgate.users (user_id),
  source text not null check (source in ('checkout', 'metadata', 'event', 'admin', 'simulation')),
  created_at timestamptz not null default now(),
  primary key (processor, kind, external_id)
);
comment on table tollgate.links is 'Customers, subscriptions and transactions of a processor, and their users.';
create index links_user on tollgate.links (user_id, processor, kind);

-- Refunds, disputes and customers deleted at the processor. They change no entitlement, and admins see them.
create table tollgate.notes (
  note_id text primary key,
  -- null: no link names the user yet, or the processor names no linkable id (a dispute names its charge only).
  user_id text references tollgate.users (user_id),
  kind text not null check (kind in ('refund', 'dispute_opened', 'dispute_closed', 'customer_deleted')),
  processor text not null,
  event_id text not null,
  customer_id text,
  -- In the currency's minor unit.
  amount bigint,
  currency text,
  detail text,
  occurred_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- A link of one of these ids, or of customer_id, gives the note to a user.
  subscription_id text,
  transaction_id text
);
comment on table tollgate.notes is 'Refunds, disputes and deleted customers: recorded and shown only.';
create index notes_user on tollgate.notes (user_id);
create index notes_waiting_customer on tollgate.notes (processor, customer_id) where user_id is null;
create index notes_waiting_subscription on tollgate.notes (processor, subscription_id) where user_id is null;
create index notes_waiting_transaction on tollgate.notes (processor, transaction_id) where user_id is null;

insert into tollgate.table_rights (table_name, app, users) values
  ('webhook_events', 'select, insert, update, delete', null),
  ('links', 'select, insert, update, delete', null),
  ('notes', 'select, insert, update, delete', null);
