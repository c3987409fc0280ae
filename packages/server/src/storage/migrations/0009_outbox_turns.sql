-- transactional
-- (Holds the number: the file of this name on the branch `fixc` takes its place.)
select 1;
