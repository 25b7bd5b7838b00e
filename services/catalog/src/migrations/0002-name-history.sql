-- Who changed what of a contributor, a publisher or a subject, and when. What books and feeds make is not in it:
-- the books' own history tells that. No foreign key, so that one which was removed stays known.
create table catalog.name_history (
  kind text not null check (kind in ('contributor', 'publisher', 'subject')),
  id uuid not null,
  version integer not null,
  at timestamptz not null,
  -- An account's id.
  actor text not null,
  action text not null check (action in ('created', 'replaced', 'deleted')),
  -- The fields as they were, null when it was made; as they are since, null when it was removed.
  before jsonb,
  after jsonb,
  primary key (kind, id, version)
);
