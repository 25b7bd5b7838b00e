-- What is written goes first into a list that every search reads through (GIN fast update). At its usual 4 MB the
-- planner takes a whole read of the books for cheaper than the index, for a rare word among a million: half a second.
alter index catalog.books_by_search set (gin_pending_list_limit = 256);
alter index catalog.contributors_by_words set (gin_pending_list_limit = 256);
alter index catalog.publishers_by_words set (gin_pending_list_limit = 256);
alter index catalog.subjects_by_words set (gin_pending_list_limit = 256);
alter index catalog.words_by_trigram set (gin_pending_list_limit = 256);
select gin_clean_pending_list('catalog.books_by_search'::regclass);
