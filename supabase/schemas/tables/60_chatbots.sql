create table public.chatbots (
  user_id text not null references public.users (user_id),
  id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 80),
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);
comment on table public.chatbots is 'Reference product 1: the things that chatbots_count counts.';

alter table public.chatbots enable row level security;
revoke all on public.chatbots from public, anon, authenticated;
grant all on public.chatbots to service_role;
grant select on public.chatbots to authenticated;

create policy "Users read their own chatbots" on public.chatbots for select to authenticated
  using (user_id = (select auth.jwt() ->> 'sub'));
