-- An instant in the format of JavaScript, so that both sides read and compare the same text. A null stays null, and
-- infinity (no end known) becomes null.
create or replace function tollgate.instant_text(p_at timestamptz) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return case when isfinite(p_at) then to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') end;
end;
$$;

comment on function tollgate.instant_text(timestamptz) is 'An instant as ISO 8601 in UTC with milliseconds; null for infinity.';
