-- transactional
-- (Holds the number: the file of this name on the branch `fixb` takes its place.)
select 1;
