-- Who did what to an account, and when: kept for two years, as logins/remove-expired.ts has it.
create table accounts.account_history (
  entry bigint generated always as identity primary key,
  account_id uuid not null references accounts.accounts on delete cascade,
  at timestamptz not null,
  -- An account's id, "the command line" or "the first start".
  actor text not null,
  action text not null check (action in ('created', 'roles_set', 'password_changed', 'password_reset', 'token_issued')),
  -- The members of it are in accounts/history.ts; never a secret.
  detail jsonb not null
);
create index account_history_of_account on accounts.account_history (account_id, entry);
create index account_history_by_age on accounts.account_history (at);
