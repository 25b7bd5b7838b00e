CREATE TABLE accounts.accounts (
  id uuid PRIMARY KEY,
  -- As its owner writes it.
  email text NOT NULL,
  -- In lower case, the domain in ASCII: what makes two spellings the same address.
  email_key text NOT NULL UNIQUE,
  name text NOT NULL,
  roles text[] NOT NULL CHECK (roles <@ ARRAY['customer', 'staff', 'admin'] AND cardinality(roles) > 0),
  -- A PHC string of argon2id.
  password_hash text NOT NULL,
  -- Counts changes of the password; the same password hashed anew at another cost is not one.
  password_version integer NOT NULL DEFAULT 1,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);

-- Few rows: finds and locks the admins when one is about to lose that role.
CREATE INDEX accounts_admins ON accounts.accounts (id) WHERE 'admin' = ANY (roles);

-- One row per login by token: only its newest refresh token is kept, so any other with its id is a replayed one.
CREATE TABLE accounts.refresh_tokens (
  family_id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts.accounts ON DELETE CASCADE,
  -- SHA-256 of the secret.
  token_hash bytea NOT NULL,
  started_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX refresh_tokens_account ON accounts.refresh_tokens (account_id);
CREATE INDEX refresh_tokens_expiry ON accounts.refresh_tokens (expires_at);

CREATE TABLE accounts.sessions (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts.accounts ON DELETE CASCADE,
  -- SHA-256 of the cookie's value.
  token_hash bytea NOT NULL UNIQUE,
  started_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_account ON accounts.sessions (account_id);
CREATE INDEX sessions_expiry ON accounts.sessions (expires_at);

CREATE TABLE accounts.signing_keys (
  -- The key's JWK thumbprint (RFC 7638).
  id text PRIMARY KEY,
  public_key jsonb NOT NULL,
  -- Wrapped by SECRET_KEY; gone when the key is retired, since it only verifies from then on.
  private_key bytea,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  -- When the last of the long-lived tokens it signed expires.
  issued_until timestamptz,
  CHECK ((private_key IS NULL) = (retired_at IS NOT NULL))
);

-- At most one key signs, whoever makes it.
CREATE UNIQUE INDEX signing_keys_current ON accounts.signing_keys ((true)) WHERE retired_at IS NULL;
