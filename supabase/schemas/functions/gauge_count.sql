-- Called by find_usage_drift: the number of existing things that a gauge counts; null if Postgres cannot count them.
create or replace function tollgate.gauge_count(p_field text, p_user_id text) returns bigint
language plpgsql stable set search_path = ''
as $$
begin
  if p_field = 'chatbots_count' and to_regclass('tollgate.chatbots') is not null then
    return (select count(*) from tollgate.chatbots c where c.user_id = p_user_id);
  end if;
  return null;
end;
$$;

comment on function tollgate.gauge_count(text, text) is 'The number of things that a gauge counts.';
