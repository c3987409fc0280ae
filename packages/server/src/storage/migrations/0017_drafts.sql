-- transactional
-- From which version a draft departed, so that whoever activates it can see what came in between. Null: from none, or made before this.
set local search_path = public, pg_temp;
alter table dag_version add column base_number int;
