-- Whose copies the shop counts: in_stock is then what stock says (books/follow-stock.ts), and nothing else changes it.
alter table catalog.books
  -- The number of the last change that was followed, so that a repeated or an older one is dropped; null for a book
  -- whose copies nobody counts.
  add column stock_sequence bigint;
