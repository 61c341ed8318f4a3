-- Triggers, after the functions that they call.
create trigger admin_acts_kept before update or delete on tollgate.admin_acts
  for each row execute function tollgate.keep_admin_acts();
create trigger admin_acts_not_emptied before truncate on tollgate.admin_acts
  for each statement execute function tollgate.keep_admin_acts();
