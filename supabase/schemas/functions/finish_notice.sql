-- Called by the notices job after all deliveries have accepted the notice: it is not sent again.
create or replace function tollgate.finish_notice(p_user_id text, p_notice_id bigint) returns jsonb
language sql set search_path = ''
as $$
  update tollgate.notices n set delivered_at = now() where n.user_id = p_user_id and n.notice_id = p_notice_id
  returning jsonb_build_object('delivered', true);
$$;

comment on function tollgate.finish_notice(text, bigint) is 'Marks a notice as delivered.';
