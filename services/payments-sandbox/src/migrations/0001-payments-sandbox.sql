-- A payment provider to try the shop with. Money is in minor units of the currency beside it.

create table payments_sandbox.charges (
  id uuid primary key,
  -- The caller's, for which there is one charge.
  key text not null unique,
  -- These four are null when it was void before anybody asked for it.
  amount bigint check (amount >= 0),
  currency text,
  token text,
  reference text,
  status text not null check (status in ('pending', 'charged', 'declined', 'void')),
  -- Why it was declined, for people.
  reason text not null,
  -- What was given back.
  refunded bigint not null default 0,
  -- When a pending one is decided.
  decide_at timestamptz,
  created_at timestamptz not null,
  settled_at timestamptz,
  check (refunded between 0 and case status when 'charged' then amount else 0 end),
  check ((status = 'pending') = (settled_at is null)),
  check ((status = 'pending') = (decide_at is not null))
);
create index charges_to_decide on payments_sandbox.charges (decide_at) where decide_at is not null;

create table payments_sandbox.refunds (
  id uuid primary key,
  -- The caller's, for which there is one refund.
  key text not null unique,
  charge_id uuid not null references payments_sandbox.charges,
  amount bigint not null check (amount > 0),
  created_at timestamptz not null
);
create index refunds_of_charge on payments_sandbox.refunds (charge_id);

-- How often something was tried that is to fail at first.
create table payments_sandbox.attempts (
  what text primary key,
  count integer not null
);

-- New charges that were asked for with tok_flaky.
create sequence payments_sandbox.flaky_requests;

-- Webhooks that are not delivered yet; those that were, and those that nobody took for too long, are gone.
create table payments_sandbox.webhooks (
  id bigint generated always as identity primary key,
  -- The event as it is sent, each time the same bytes.
  body text not null,
  attempts integer not null default 0,
  -- When it is to be sent, or sent again.
  due_at timestamptz not null
);
create index webhooks_due on payments_sandbox.webhooks (due_at, id);
