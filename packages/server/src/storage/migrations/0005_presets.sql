-- transactional
-- Keeps the number until what it is for is there.
select 1;
