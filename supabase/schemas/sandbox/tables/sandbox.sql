create table tollgate.sandbox_clocks (
  user_id text primary key,
  shift interval not null
);
comment on table tollgate.sandbox_clocks is 'The shift of a sandbox user''s clock from the database''s.';

-- The data of the fake Stripe and Paddle, separate from ours.
create table tollgate.sandbox_accounts (
  processor text not null check (processor in ('stripe', 'paddle')),
  -- The processor's customer id. All data of the customer is one document, changed by compare-and-swap.
  account_id text not null,
  -- The user whose clock applies; null until the product has named one: then the real time applies.
  user_id text check (user_id ~ '^[^[:cntrl:]]{1,255}$'),
  revision bigint not null default 1,
  state jsonb not null,
  -- The next due action: a renewal, a retry, a trial's end; null if there is none.
  due_at timestamptz,
  -- The time of the latest event; the account's clock is never earlier.
  as_of timestamptz not null,
  -- One deliverer at a time, so that first attempts keep their order. After this time another may begin.
  delivering_until timestamptz not null default '-infinity',
  primary key (processor, account_id)
);
comment on table tollgate.sandbox_accounts is 'A customer of a fake processor, with all its data.';
create index sandbox_accounts_user on tollgate.sandbox_accounts (user_id);
create index sandbox_accounts_due on tollgate.sandbox_accounts (due_at) where due_at is not null;

create table tollgate.sandbox_objects (
  processor text not null,
  object_id text not null,
  account_id text not null,
  primary key (processor, object_id),
  foreign key (processor, account_id) references tollgate.sandbox_accounts (processor, account_id) on delete cascade
);
comment on table tollgate.sandbox_objects is 'The account of each id of a fake processor.';
create index sandbox_objects_account on tollgate.sandbox_objects (processor, account_id);

-- The outbox. Events stay after their delivery, since the processors list them.
create table tollgate.sandbox_events (
  processor text not null,
  event_id text not null,
  account_id text not null,
  -- Order of emission.
  sequence bigint generated always as identity,
  event_type text not null,
  occurred_at timestamptz not null,
  -- The bytes to sign: a retry sends the same bytes.
  raw bytea not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_status integer,
  delivered_at timestamptz,
  primary key (processor, event_id),
  foreign key (processor, account_id) references tollgate.sandbox_accounts (processor, account_id) on delete cascade
);
comment on table tollgate.sandbox_events is 'Webhook events of the fake processors, delivered or not.';
create index sandbox_events_account on tollgate.sandbox_events (processor, account_id, sequence);
create index sandbox_events_undelivered on tollgate.sandbox_events (next_attempt_at) where delivered_at is null;

create table tollgate.sandbox_requests (
  processor text not null,
  idempotency_key text not null,
  -- Method, path and body: the same key with another request is refused.
  fingerprint text not null,
  status integer not null,
  body jsonb not null,
  created_at timestamptz not null default now(),
  primary key (processor, idempotency_key)
);
comment on table tollgate.sandbox_requests is 'Answers to requests that named an idempotency key.';

insert into tollgate.table_rights (table_name, app, users) values
  ('sandbox_clocks', 'select, delete', null),
  ('sandbox_accounts', 'select, delete', null),
  ('sandbox_objects', null, null),
  ('sandbox_events', null, null),
  ('sandbox_requests', null, null);
