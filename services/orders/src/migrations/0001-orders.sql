-- Stock, orders and payments. Money is in minor units of the currency beside it.
-- Books are the catalogue's, so that no foreign key leads to them.

-- Copies of a book. A book that is not in here has never had any.
create table orders.stock (
  book_id uuid primary key,
  -- In the shop.
  on_hand integer not null default 0 check (on_hand >= 0),
  -- Of these, set aside for orders that are not confirmed yet.
  held integer not null default 0 check (held >= 0),
  -- Whether more is sold than there is: lines then wait for the next goods in.
  policy text not null default 'in_stock' check (policy in ('in_stock', 'backorder', 'preorder')),
  -- At which number of available copies it is to be reordered; null for never.
  reorder_level integer check (reorder_level >= 0),
  -- Of one copy; null when it is to be estimated from format and pages.
  weight_grams integer check (weight_grams > 0),
  -- What the last copies cost the shop, each, in its currency.
  unit_cost integer check (unit_cost >= 0),
  -- When the last free copy went, or the first one came.
  flipped_at timestamptz,
  -- Counts the changes of policy, reorder_level and weight_grams, and not of the copies: those are counted by the ledger.
  version integer not null default 0,
  updated_at timestamptz not null,
  check (held <= on_hand)
);
-- To find what is to be reordered, and of what the catalogue was told lately. Most movements change no column that these
-- name, so that they stay cheap.
create index stock_to_reorder on orders.stock (book_id) where reorder_level is not null;
create index stock_flipped on orders.stock (flipped_at, book_id) where flipped_at is not null;

-- Every movement of stock: for each book the sums of on_hand and held are those of its row in orders.stock.
create table orders.stock_ledger (
  id bigint generated always as identity primary key,
  book_id uuid not null references orders.stock,
  -- What was added; negative for what was taken away.
  on_hand integer not null,
  held integer not null,
  reason text not null check (reason in
    ('goods_in', 'adjustment', 'stocktake', 'damaged', 'hold', 'release', 'sale', 'cancellation', 'return')),
  -- An account's id, 'guest', 'command' for the command line, or 'system'.
  actor text not null,
  order_id uuid,
  -- The number of the document that says so, such as a delivery note.
  document text,
  note text,
  at timestamptz not null,
  check (on_hand <> 0 or held <> 0)
);
create index stock_ledger_of_book on orders.stock_ledger (book_id, id);

-- Documents of goods in, so that one that is sent again changes nothing.
create table orders.stock_documents (
  number text primary key,
  -- What was booked of it: [{ bookId, quantity, cost, price }]
  lines jsonb not null,
  -- How many of its rows were refused and may still come, corrected.
  refused integer not null check (refused >= 0),
  actor text not null,
  -- When it came first.
  at timestamptz not null
);

create table orders.orders (
  id uuid primary key,
  -- For people, on the telephone and on invoices; numbers of refused orders are left out.
  number bigint generated always as identity (start with 100001) unique,
  -- Null for a guest.
  account_id uuid,
  -- In lower case.
  email text not null,
  -- process/states.ts
  status text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  shipping_method text not null,
  shipping_address jsonb not null,
  billing_address jsonb,
  -- All of these with tax.
  shipping bigint not null check (shipping >= 0),
  shipping_tax bigint not null check (shipping_tax >= 0),
  -- In hundredths of a per cent.
  shipping_tax_rate integer not null check (shipping_tax_rate between 0 and 10000),
  tax bigint not null check (tax >= 0),
  total bigint not null check (total >= 0),
  -- What was given back.
  refunded bigint not null default 0 check (refunded >= 0 and refunded <= total),
  -- Counts the entries of its history.
  version integer not null default 1,
  -- When an order that is still placed gives up its holds.
  hold_until timestamptz,
  -- When the sweeper is to see whether the order stands still; null when nothing more is to happen by itself.
  due_at timestamptz,
  -- How often the sweeper has moved it on since its last move.
  nudges integer not null default 0,
  placed_at timestamptz not null,
  updated_at timestamptz not null
);
create index orders_of_account on orders.orders (account_id, id desc) where account_id is not null;
create index orders_by_email on orders.orders (email, id desc);
create index orders_by_status on orders.orders (status, id desc);
create index orders_due on orders.orders (due_at) where due_at is not null;

-- What was ordered, frozen as it was then.
create table orders.order_lines (
  order_id uuid not null references orders.orders,
  -- From 1.
  position smallint not null,
  book_id uuid not null,
  isbn13 text,
  title text not null,
  format text,
  -- [{ id, name }]
  authors jsonb not null,
  -- { id, name }
  publisher jsonb,
  -- Whether copies are counted: false for e-books.
  tracked boolean not null,
  quantity integer not null check (quantity > 0),
  unit_price integer not null check (unit_price >= 0),
  -- In hundredths of a per cent: 700 is 7 %.
  tax_rate integer not null check (tax_rate between 0 and 10000),
  -- Of the whole line.
  tax bigint not null check (tax >= 0),
  -- Of the whole line, with tax.
  total bigint not null check (total >= 0),
  -- Whether what it lacks is waited for, as its order is confirmed; one that is not yet has holds.
  waits boolean not null default false,
  -- Copies that are taken out of stock for it. E-books need none and count as allocated once confirmed.
  allocated integer not null default 0,
  shipped integer not null default 0,
  cancelled integer not null default 0,
  returned integer not null default 0,
  primary key (order_id, position),
  unique (order_id, book_id),
  check (allocated >= 0 and shipped >= 0 and cancelled >= 0 and returned >= 0),
  check (shipped <= allocated and allocated + cancelled <= quantity and returned <= shipped)
);
-- Lines that wait for copies. What ends an order cancels what its lines lack, so that these are of open orders alone.
create index order_lines_waiting on orders.order_lines (book_id, order_id)
  where waits and allocated + cancelled < quantity;
create index order_lines_by_isbn on orders.order_lines (isbn13, order_id desc) where isbn13 is not null;

-- Copies set aside for an order: the sums by book are orders.stock.held.
create table orders.holds (
  order_id uuid not null references orders.orders,
  book_id uuid not null references orders.stock,
  quantity integer not null check (quantity > 0),
  primary key (order_id, book_id)
);

-- What became of an order; also its events (`seq` is the event's id).
create table orders.order_history (
  order_id uuid not null references orders.orders,
  -- From 1, without gaps: the order's version.
  seq integer not null,
  -- What the order was afterwards: the same as before for what changes no state, such as a partial refund.
  status text not null,
  reason text not null,
  -- An account's id, 'guest', 'system' or 'provider'.
  actor text not null,
  at timestamptz not null,
  primary key (order_id, seq)
);

create table orders.payments (
  order_id uuid primary key references orders.orders,
  -- The idempotency key under which the provider knows the charge.
  key text not null unique,
  -- From the provider, for one use; null once the charge is settled.
  token text,
  -- What is asked for, which is the order's total; once it is charged, what was taken of that: the total, less where less
  -- was charged, or 0 where another currency was, as far as that was told when the charge was written down. The order is
  -- over where it is not the total.
  amount bigint not null check (amount >= 0),
  currency text not null,
  status text not null check (status in ('pending', 'charged', 'declined', 'void')),
  -- When the provider was first asked for the money. Until then there is nothing it could know.
  attempted_at timestamptz,
  -- The provider's own id of the charge.
  charge_id text,
  reason text,
  settled_at timestamptz,
  check ((status = 'pending') = (settled_at is null))
);
create index payments_charged_at on orders.payments (settled_at) where status = 'charged';

create table orders.refunds (
  id uuid primary key,
  order_id uuid not null references orders.orders,
  amount bigint not null check (amount > 0),
  reason text not null,
  actor text not null,
  -- What it is for: [{ position, quantity, amount, tax }], without position and quantity for the shipping; empty for
  -- nothing in particular.
  items jsonb not null default '[]',
  -- 'refused' when the provider will not do it, for the reason in `refusal`, or the order cannot book it: it is owed until
  -- staff end that, and counts as if it had not been asked for, as does what they have withdrawn.
  status text not null check (status in ('pending', 'done', 'refused', 'withdrawn')),
  -- How often it was asked for: the provider knows the first by the idempotency key 'refund-ID', the next by 'refund-ID-2'.
  -- 0 for what was charged and not asked for: it is not booked on the order, and staff give it back at the provider.
  attempt integer not null default 1,
  -- Whether the buyer has the money by another way than the provider.
  elsewhere boolean not null default false,
  -- The provider's own id of it, once it has given the money. One that is withdrawn, or was given back by another way, has
  -- it where the provider gave it back all the same, and more than was due.
  provider_id text,
  refusal text,
  created_at timestamptz not null,
  done_at timestamptz,
  check ((status = 'done') = (done_at is not null)),
  check ((status = 'refused') = (refusal is not null)),
  check (status = 'done' or not elsewhere),
  check (attempt > 0 or status in ('refused', 'withdrawn'))
);
create index refunds_of_order on orders.refunds (order_id);
create index refunds_done_at on orders.refunds (done_at) where done_at is not null;
create index refunds_refused on orders.refunds (order_id) where status = 'refused';

create table orders.shipments (
  id uuid primary key,
  order_id uuid not null references orders.orders,
  -- [{ position, quantity }]
  lines jsonb not null,
  carrier text,
  tracking text,
  actor text not null,
  at timestamptz not null
);
create index shipments_of_order on orders.shipments (order_id);

create table orders.returns (
  id uuid primary key,
  order_id uuid not null references orders.orders,
  -- [{ position, quantity, restock }]
  lines jsonb not null,
  refund_id uuid references orders.refunds,
  actor text not null,
  at timestamptz not null
);
create index returns_of_order on orders.returns (order_id);

-- The last number of each series; whoever takes one holds the row until its transaction ends, so that none is missing.
create table orders.number_series (
  series text primary key,
  last bigint not null
);
insert into orders.number_series (series, last) values ('invoice', 0), ('credit_note', 0);

create table orders.invoices (
  -- 'invoice' or 'credit_note'
  kind text not null check (kind in ('invoice', 'credit_note')),
  number bigint not null,
  order_id uuid not null references orders.orders,
  refund_id uuid references orders.refunds,
  -- What it says, whole, as it was issued (invoices/).
  document jsonb not null,
  issued_at timestamptz not null,
  primary key (kind, number),
  unique nulls not distinct (order_id, refund_id)
);

-- Answers that a retry is given again.
create table orders.idempotency_keys (
  -- Whose key it is: an account's id, or 'guest:' and the e-mail address; with the operation.
  scope text not null,
  key text not null,
  -- SHA-256 of the request.
  fingerprint bytea not null,
  -- What the first answer was about; the answer is made from it again.
  subject_id uuid not null,
  created_at timestamptz not null,
  primary key (scope, key)
);
create index idempotency_keys_by_age on orders.idempotency_keys (created_at);

-- Mails that are to be sent: each is sent once, and again when that was lost.
create table orders.mails (
  order_id uuid not null references orders.orders,
  -- The history entry that it tells of.
  seq integer not null,
  wanted_at timestamptz not null,
  sent_at timestamptz,
  -- When the mail server said that it takes it never.
  refused_at timestamptz,
  -- When it is to be seen whether it was sent; null when it was, or nobody tries any more.
  due_at timestamptz,
  primary key (order_id, seq)
);
create index mails_due on orders.mails (due_at) where due_at is not null;

-- By country (ISO 3166-1 alpha-2) and kind of product, in hundredths of a per cent.
create table orders.tax_rates (
  country text not null check (country ~ '^[A-Z]{2}$'),
  kind text not null check (kind in ('book', 'ebook', 'audiobook', 'shipping')),
  rate integer not null check (rate between 0 and 10000),
  primary key (country, kind)
);

create table orders.shipping_rates (
  -- ISO 3166-1 alpha-2, or '*' for every country that has no row of its own.
  country text not null check (country ~ '^([A-Z]{2}|[*])$'),
  method text not null,
  -- The parcel's largest weight that this price is for.
  up_to_grams integer not null check (up_to_grams > 0),
  -- In the shop's currency, with tax where prices have it.
  price integer not null check (price >= 0),
  primary key (country, method, up_to_grams)
);

-- The last run of each report about each day.
create table orders.reports (
  id uuid primary key,
  name text not null,
  -- The day it is about.
  day date not null,
  status text not null check (status in ('done', 'failed')),
  -- Why it failed.
  error text,
  -- [{ name, type }, ...]
  columns jsonb not null,
  -- [[value, ...], ...]
  rows jsonb not null,
  row_count integer not null,
  -- Whether there were more rows than are kept.
  is_cut boolean not null default false,
  created_at timestamptz not null,
  finished_at timestamptz not null,
  unique (name, day),
  check ((status = 'failed') = (error is not null))
);
create index reports_by_last_made on orders.reports (finished_at, id);

-- What is to be published, as `outboxTable` of packages/postgres has it and says what it means.
create table orders.outbox (
  id bigint generated always as identity primary key,
  key text not null,
  topic text not null,
  payload jsonb not null,
  headers jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  state text not null default 'ready' check (state in ('ready', 'retry', 'parked', 'behind')),
  attempts integer not null default 0,
  error text,
  retry_at timestamptz check ((state = 'retry') = (retry_at is not null)),
  parked_at timestamptz check ((state = 'parked') = (parked_at is not null))
) with (autovacuum_vacuum_scale_factor = 0.02);
create index outbox_ready on orders.outbox (id) where state = 'ready';
create index outbox_due on orders.outbox (retry_at) where state = 'retry';
create index outbox_waiting_by_key on orders.outbox (key, id) where state <> 'ready';
create index outbox_waiting_by_state on orders.outbox (state, id) where state <> 'ready';
