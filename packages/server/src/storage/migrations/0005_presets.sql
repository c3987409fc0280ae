-- transactional
-- Task types that the platform owns: every tenant sees and uses them, only the platform changes them.

alter table task_type
  add column shared boolean not null default false,
  add check (not shared or (tenant_id = 1 and code like 'platform.%'));
create unique index task_type_shared on task_type (code) where shared and deleted_at is null;
create policy shared_types on task_type for select to carillon_api using (shared);

-- The tenant of a task's type follows from one flag, so a task can name no third tenant's.
alter table task
  add column type_shared boolean not null default false,
  add column type_tenant_id bigint not null generated always as (case when type_shared then 1 else tenant_id end) stored;
alter table task drop constraint task_tenant_id_type_id_fkey;
alter table task add foreign key (type_tenant_id, type_id) references task_type (tenant_id, id);
create index task_by_shared_type on task (type_id) where type_shared and deleted_at is null;

-- Whoever serves the presets for everybody is an executor of this app. (Identifiers below 100 are the product's own.)
insert into app (tenant_id, id, code, name, description, shared)
values (1, 3, 'presets', 'Executors of the presets', 'Does what the task types of the platform ask for that the built-in executor cannot', true)
on conflict do nothing;
