-- The catalogue: books and what the trade's feeds say of them. Names follow ONIX where it has one.
create extension if not exists pg_trgm with schema public;

create table catalog.publishers (
  id uuid primary key,
  name text not null check (name <> ''),
  -- The name as compared: case, accents and punctuation folded by the program (search/words.ts).
  name_key text not null unique,
  -- The words it is found by, worked out by the program (names/name-words.ts).
  words tsvector not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index publishers_by_name on catalog.publishers (name collate "und-x-icu", id);
create index publishers_by_words on catalog.publishers using gin (words);

create table catalog.contributors (
  id uuid primary key,
  kind text not null default 'person' check (kind in ('person', 'organisation')),
  name text not null check (name <> ''),
  -- Tells two people of one name apart ("historian, born 1950"); empty for most.
  disambiguation text not null default '',
  name_key text not null,
  -- The words it is found by, worked out by the program (names/name-words.ts).
  words tsvector not null,
  -- As a list is sorted: "Rowling, J. K.".
  sort_name text not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (name_key, disambiguation)
);
create index contributors_by_name on catalog.contributors (sort_name collate "und-x-icu", id);
create index contributors_by_words on catalog.contributors using gin (words);

create table catalog.subjects (
  id uuid primary key,
  -- thema, bisac, keyword, ...
  scheme text not null,
  code text not null,
  text text not null,
  -- The words it is found by, worked out by the program (names/name-words.ts).
  words tsvector not null,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (scheme, code)
);
create index subjects_by_text on catalog.subjects (text collate "und-x-icu", id);
create index subjects_by_words on catalog.subjects using gin (words);

create table catalog.books (
  id uuid primary key,
  version integer not null default 1,
  title text not null check (title <> ''),
  subtitle text,
  -- ISO 639-2/B.
  language text check (language ~ '^[a-z]{3}$'),
  year smallint,
  published_on date,
  format text,
  pages integer check (pages > 0),
  publisher_id uuid references catalog.publishers,
  cover_url text,
  availability text not null,
  -- Fed from outside: stock by its service's events, popularity by sales (any unit, larger is more popular).
  in_stock boolean not null default false,
  popularity bigint not null default 0 check (popularity >= 0),

  -- Worked out by the program from the above and the tables below; never written by anybody else.
  -- The title as shelved: without its article, cut to a length an index can hold.
  title_sort text collate "und-x-icu" not null,
  -- The whole title as compared, for a query that is exactly it.
  title_key text not null,
  -- yyyymmdd of publication, as far as known; the lowest integer when not known at all.
  released_order integer not null,
  -- Today's price in the shop's currency, in minor units; refreshed as days pass (books/refresh-prices.ts).
  price_today integer check (price_today >= 0),
  -- Words with weights (A title, B contributors, C subtitle, D publisher and subjects) and filter terms.
  search tsvector not null,

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A deleted title stays known: its identifiers stay taken and staff can bring it back.
  deleted_at timestamptz
);
create index books_by_popularity on catalog.books (popularity, id) where deleted_at is null;
create index books_by_title on catalog.books (title_sort, id) where deleted_at is null;
create index books_by_release on catalog.books (released_order, id) where deleted_at is null;
create index books_by_price on catalog.books (coalesce(price_today, 2147483647), id) where deleted_at is null;
create index books_by_price_down on catalog.books (coalesce(price_today, -1), id) where deleted_at is null;
create index books_by_title_key on catalog.books (title_key) where deleted_at is null;
create index books_by_year on catalog.books (year) where deleted_at is null;
create index books_by_publisher on catalog.books (publisher_id) where publisher_id is not null;
create index books_by_search on catalog.books using gin (search);
-- Common words and filter terms decide which plan is cheap: keep more of their frequencies than the default.
alter table catalog.books alter column search set statistics 500;

create table catalog.identifiers (
  scheme text not null,
  value text not null,
  book_id uuid not null references catalog.books on delete cascade,
  primary key (scheme, value)
);
create index identifiers_of_book on catalog.identifiers (book_id);

create table catalog.book_contributors (
  book_id uuid not null references catalog.books on delete cascade,
  position smallint not null,
  contributor_id uuid not null references catalog.contributors,
  role text not null,
  primary key (book_id, position)
);
create index books_of_contributor on catalog.book_contributors (contributor_id, role);
-- Who is credited in a rare role. Nearly everybody is an author somewhere: a list of authors needs no index to
-- find the next one.
create index credits_by_role on catalog.book_contributors (role, contributor_id) where role <> 'author';

create table catalog.book_subjects (
  book_id uuid not null references catalog.books on delete cascade,
  position smallint not null,
  subject_id uuid not null references catalog.subjects,
  primary key (book_id, position)
);
create index books_of_subject on catalog.book_subjects (subject_id);

create table catalog.texts (
  book_id uuid not null references catalog.books on delete cascade,
  -- description, short_description, table_of_contents, ... (ONIX list 153)
  type text not null,
  text text not null,
  primary key (book_id, type)
);

create table catalog.prices (
  book_id uuid not null references catalog.books on delete cascade,
  -- ONIX list 58: recommended or fixed retail price, with or without tax.
  type text not null check (type in
    ('rrp_excluding_tax', 'rrp_including_tax', 'fixed_excluding_tax', 'fixed_including_tax')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- ISO 3166-1 codes in order, separated by spaces, or WORLD.
  territory text not null default 'WORLD',
  valid_from date not null default '-infinity',
  -- The first day on which it no longer holds.
  valid_until date not null default 'infinity',
  -- Minor units of the currency.
  amount integer not null check (amount >= 0),
  primary key (book_id, type, currency, territory, valid_from),
  check (valid_from < valid_until)
);
-- The days on which some price begins or ends: what refreshing has to look at.
create index prices_by_start on catalog.prices (valid_from) where valid_from <> '-infinity';
create index prices_by_end on catalog.prices (valid_until) where valid_until <> 'infinity';

-- What books.price_today was worked out for (books/refresh-prices.ts).
create table catalog.prices_today (
  only_row boolean primary key default true check (only_row),
  currency text not null,
  -- Prices that began or ended before this day are in it; null while all are being worked out in another currency.
  -- Whoever writes a price that begins or ends earlier sets it back.
  refreshed_until date
);

-- Which source said which groups of fields, and under which record id: an import finds its books by it.
create table catalog.provenance (
  source text not null,
  record_id text not null,
  book_id uuid not null references catalog.books on delete cascade,
  -- title, contributors, publisher, ... (books/field-groups.ts)
  groups text[] not null,
  -- SHA-256 of the record as last read, so that the same record again is no work; null for staff.
  record_hash bytea,
  seen_at timestamptz not null,
  primary key (source, record_id)
);
create index provenance_of_book on catalog.provenance (book_id);

create table catalog.book_history (
  book_id uuid not null references catalog.books on delete cascade,
  version integer not null,
  at timestamptz not null,
  -- An account's id, or "import:" and the source.
  actor text not null,
  action text not null check (action in ('created', 'replaced', 'patched', 'imported', 'deleted', 'restored')),
  -- Per field [before, after]; empty for a first version.
  changes jsonb not null,
  primary key (book_id, version)
);

-- Every word of three letters or more that a title has had: where a misspelt query finds its neighbours.
create table catalog.words (
  word text primary key
);
create index words_by_trigram on catalog.words using gin (word gin_trgm_ops);

-- What was decided about the sample catalogue, once, so that one taken away does not come back.
create table catalog.sample (
  only_row boolean primary key default true check (only_row),
  state text not null check (state in ('loaded', 'removed', 'declined')),
  decided_at timestamptz not null
);

-- Books whose search columns are to be worked out again, since a name they carry was changed.
-- A rename queues its books while it holds the name's row, so it must not wait for anything there:
-- not for a book's row, whose writer may be waiting for the name (a foreign key would look at it), and not for
-- whoever is working off the same book's last turn (a primary key would). It must not take that last turn for
-- its own either, since the name it is for was not seen then: a book may be queued more than once.
create table catalog.reindex_queue (
  book_id uuid not null
);
create index reindex_queue_by_book on catalog.reindex_queue (book_id);
