-- transactional
-- Every node asks all the time which apps have push executors in service: there may be thousands of executors, and none of that kind.

set local search_path = public, pg_temp;

create index executor_push on executor (tenant_id, app_id) where mode = 'PUSH' and in_service;
