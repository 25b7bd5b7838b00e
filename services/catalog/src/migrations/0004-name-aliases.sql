-- What contributors and publishers were called before staff renamed them, so that a feed that goes on writing the old
-- name finds the renamed one. A name that somebody has counts before an alias. No foreign key, since an id is of
-- either table: an alias whose id is gone finds nothing.
create table catalog.name_aliases (
  kind text not null check (kind in ('contributor', 'publisher')),
  -- As name_key of the two tables.
  name_key text not null,
  id uuid not null,
  primary key (kind, name_key)
);
create index aliases_of_name on catalog.name_aliases (id);
