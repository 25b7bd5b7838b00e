-- Contributors, publishers and subjects: found by words of their names, and renamed without getting in the way
-- of those who write books.

-- The words that a name is found by, case and accents folded as search/words.ts folds them. A word with an
-- apostrophe is found whole ("obrien") and by its parts ("brien"), initials one by one and together ("jk"),
-- and scripts that are written without spaces by their characters.
create function catalog.name_words(name text) returns tsvector
language sql immutable strict parallel safe
as $$
  select array_to_tsvector(array_remove(string_to_array(
    regexp_replace(words || ' ' || joined || ' ' || parts,
      '([\u0e00-\u0eff\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])', ' \1 ', 'g'),
    ' '), ''))
  from
    (select translate(name, '’‘ʻʼʽʾʿ`′´', repeat('''', 10))) as given (text),
    -- Without the accents of European scripts, Arabic vowel marks and Hebrew points.
    lateral (select normalize(regexp_replace(normalize(given.text, NFKD),
      '[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]', '', 'g'), NFC)) as bare (text),
    lateral (select translate(lower(bare.text collate "und-x-icu"), 'øđðłħıŋĸς', 'oddlhinkσ')) as small (text),
    lateral (select replace(replace(replace(replace(small.text, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'))
      as folded (text),
    lateral (select '[[:space:][:punct:]$+<=>^`|~]+') as between (pattern),
    lateral (select
      regexp_replace(replace(folded.text, '''', '') collate "und-x-icu", between.pattern, ' ', 'g'),
      regexp_replace(replace(folded.text, '''', ' ') collate "und-x-icu", between.pattern, ' ', 'g')
    ) as split (words, parts),
    lateral (select regexp_replace(split.words collate "und-x-icu", '\m(\w) (?=\w\M)', '\1', 'g'))
      as initials (joined)
$$;

alter table catalog.contributors
  add column words tsvector not null generated always as (catalog.name_words(name_key)) stored;
alter table catalog.publishers
  add column words tsvector not null generated always as (catalog.name_words(name_key)) stored;
alter table catalog.subjects
  add column words tsvector not null generated always as (catalog.name_words(code || ' ' || text)) stored;
create index contributors_by_words on catalog.contributors using gin (words);
create index publishers_by_words on catalog.publishers using gin (words);
create index subjects_by_words on catalog.subjects using gin (words);

-- Who is credited in a rare role. Nearly everybody is an author somewhere: a list of authors needs no index to
-- find the next one.
create index credits_by_role on catalog.book_contributors (role, contributor_id) where role <> 'author';

-- A rename queues its books while it holds the name's row, so it must not wait for anything there:
-- not for a book's row, whose writer may be waiting for the name (a foreign key would look at it), and not for
-- whoever is working off the same book's last turn (a primary key would). It must not take that last turn for
-- its own either, since the name it is for was not seen then: a book may be queued more than once.
alter table catalog.reindex_queue
  drop constraint reindex_queue_book_id_fkey,
  drop constraint reindex_queue_pkey;
create index reindex_queue_by_book on catalog.reindex_queue (book_id);
