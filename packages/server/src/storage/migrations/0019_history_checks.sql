-- transactional
-- PostgreSQL reads and plans every CHECK of a table again in each statement that writes to it. History takes over, in one statement, what has
-- been held against the checks of the live tables, so there they are only paid for; some had been left behind there by changes of the live ones.
set local search_path = public, pg_temp;

do $$
declare
  held record;
begin
  -- Of the parents first: those of their pieces are then their own, and can be dropped too.
  for held in
    select c.conrelid::regclass as holder, c.conname
    from pg_constraint c
      join pg_class t on t.oid = c.conrelid
      left join pg_inherits i on i.inhrelid = c.conrelid
    where c.contype = 'c' and c.conname not like '%ended\_at\_check'
      and coalesce(i.inhparent, c.conrelid) in ('run_history'::regclass, 'instance_history'::regclass)
    order by i.inhparent is not null
  loop
    execute format('alter table %s drop constraint if exists %I', held.holder, held.conname);
  end loop;
end $$;
