create table public.users (
  -- A Clerk id, a Supabase uuid or a local id; opaque, compared byte by byte.
  user_id text primary key check (user_id ~ '^[^[:cntrl:]]{1,255}$'),
  email text,
  name text,
  created_at timestamptz not null default now()
);
comment on table public.users is 'Who is billed.';

-- Empty outside the sandbox.
create table public.sandbox_clocks (
  user_id text primary key,
  shift interval not null
);
comment on table public.sandbox_clocks is 'How far a sandbox user''s clock is moved from the database''s.';

alter table public.users enable row level security;
alter table public.sandbox_clocks enable row level security;
revoke all on public.users, public.sandbox_clocks from public, anon, authenticated;
grant all on public.users, public.sandbox_clocks to service_role;
grant select on public.users to authenticated;

create policy "Users read themselves" on public.users for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));
