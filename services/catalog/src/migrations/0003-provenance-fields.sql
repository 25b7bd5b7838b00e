-- Which fields a source has said something in, so that its empty cell takes back only what it said itself. Of books
-- imported before this was kept, the last source of a group is taken to have said all of its fields.
alter table catalog.provenance
  -- title, pages, ... (books/field-groups.ts): where another source has spoken since, the field is that one's.
  -- Empty for staff, who speak for whole groups.
  add column fields text[] not null default '{}';

update catalog.provenance set fields = array(
  select field from (values
    ('title', 'title'), ('title', 'subtitle'), ('isbn', 'isbn13'), ('contributors', 'contributors'),
    ('publisher', 'publisher'), ('publication', 'language'), ('publication', 'year'),
    ('publication', 'publishedOn'), ('publication', 'format'), ('publication', 'pages'),
    ('subjects', 'subjects'), ('texts', 'description'), ('price', 'price'), ('cover', 'coverUrl'),
    ('supply', 'availability'), ('supply', 'inStock'), ('popularity', 'popularity')
  ) as known (of_group, field) where of_group = any(groups))
where source <> 'staff';
