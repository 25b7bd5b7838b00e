-- Prices that come with deliveries (books/set-price.ts).
alter table catalog.books
  -- The number of the last one, so that a repeated or an older one is dropped; null for a book that never had one.
  add column price_sequence bigint;
