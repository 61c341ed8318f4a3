-- Triggers, after the functions that they call.
create trigger admin_acts_kept before update or delete on public.admin_acts
  for each row execute function public.keep_admin_acts();
create trigger admin_acts_not_emptied before truncate on public.admin_acts
  for each statement execute function public.keep_admin_acts();
