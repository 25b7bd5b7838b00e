-- A price that came with a delivery is told apart from what staff have changed by hand (books/set-price.ts). What is there
-- already keeps to the narrower rule, so it is not read again.
alter table catalog.book_history
  drop constraint book_history_action_check,
  add constraint book_history_action_check
    check (action in ('created', 'replaced', 'patched', 'priced', 'imported', 'deleted', 'restored')) not valid;
