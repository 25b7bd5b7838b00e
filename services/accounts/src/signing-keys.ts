import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Database, type Queryable, sql } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import { calculateJwkThumbprint } from 'jose'
import { unwrapKey, wrapKey } from './key-wrap.ts'
import { accessTokenSeconds } from './lifetimes.ts'

/** ECDSA on P-256 with SHA-256 (RFC 7518 §3.4): small keys that every gateway and language can verify. */
export const signingAlgorithm = 'ES256'

/** How long a process may go on signing with a key that another process has retired, in milliseconds. */
const signedFromMemoryMs = 60_000
/** How soon an unknown key id makes us look in the database again, in milliseconds. */
const lookAgainMs = 1_000
/** A retired key is published until the tokens signed with it are out, and a minute more for clocks that differ. */
const publishedAfterRetiringMs = accessTokenSeconds * 1000 + signedFromMemoryMs + 60_000

/** A public key on an elliptic curve (RFC 7518 §6.2.1). */
type EcPublicKey = Record<'kty' | 'crv' | 'x' | 'y', string>

/** The same with what a verifier needs to know (RFC 7517 §4). */
export type PublishedKey = EcPublicKey & Record<'kid' | 'alg' | 'use', string>

export interface SigningKeysOptions {
  db: Database
  /** 32 bytes. */
  secretKey: Buffer
  clock: () => Date
  logger: Logger
}

/** The keys that sign access tokens: one that signs, and those before it until their last token is out. */
export interface SigningKeys {
  /** Makes the first key when there is none, and checks that SECRET_KEY opens the one that signs. */
  start(): Promise<void>
  /** The key that signs now. */
  current(): Promise<{ id: string; privateKey: KeyObject }>
  /** Remembers that key `id` signed a token that is good until then, so that it is published as long. */
  keepUntil(id: string, expiresAt: Date): Promise<void>
  /** The public keys (RFC 7517 §5), the one that signs first. */
  published(): Promise<PublishedKey[]>
  /** The public key of that id, or undefined. */
  publicKey(id: string): Promise<KeyObject | undefined>
  /** Puts a new key in the place of the one that signs. Two at once put one. */
  rotate(): Promise<{ id: string }>
  /** Deletes keys whose last token is out. */
  removeExpired(): Promise<void>
}

interface Known {
  at: number
  current: { id: string; privateKey: KeyObject }
  jwks: PublishedKey[]
  publicKeys: Map<string, KeyObject>
}

interface KeyRow {
  id: string
  publicKey: EcPublicKey
  privateKey: Buffer | null
}

export function createSigningKeys({ db, secretKey, clock, logger }: SigningKeysOptions): SigningKeys {
  let known: Known | undefined
  let loading: Promise<Known> | undefined

  async function load(): Promise<Known> {
    const now = clock()
    let rows = await readKeys(db, now)
    if (!rows.some((row) => row.privateKey)) {
      await addKey(db, secretKey, now)
      rows = await readKeys(db, now)
    }
    const jwks = rows.map((row) => ({ ...row.publicKey, kid: row.id, alg: signingAlgorithm, use: 'sig' }))
    const publicKeys = rows.map((row): [string, KeyObject] => [
      row.id,
      createPublicKey({ key: row.publicKey, format: 'jwk' }),
    ])
    known = { at: now.getTime(), current: openedKey(rows, secretKey), jwks, publicKeys: new Map(publicKeys) }
    return known
  }

  function reload(): Promise<Known> {
    loading ??= load().finally(() => {
      loading = undefined
    })
    return loading
  }

  const age = (): number => (known ? clock().getTime() - known.at : Number.POSITIVE_INFINITY)
  const fresh = async (): Promise<Known> => (known && age() < signedFromMemoryMs ? known : reload())

  return {
    async start() {
      await reload()
    },
    current: async () => (await fresh()).current,
    async keepUntil(id, expiresAt) {
      await db.query(sql`
        UPDATE accounts.signing_keys SET issued_until = greatest(issued_until, ${expiresAt}) WHERE id = ${id}`)
    },
    published: async () => (await fresh()).jwks,
    async publicKey(id) {
      const key = known?.publicKeys.get(id)
      if (key && age() >= signedFromMemoryMs) {
        // A known key verifies while the database is away; what is new there arrives when it is back.
        reload().catch((error) => logger.warn({ err: error }, 'the signing keys could not be read again'))
      }
      if (key || age() < lookAgainMs) return key
      return (await reload()).publicKeys.get(id)
    },
    async rotate() {
      // Refuses a wrong SECRET_KEY, whose key no other process could open.
      await reload()
      const now = clock()
      await db.transaction(async (tx) => {
        await tx.query(sql`
          UPDATE accounts.signing_keys SET retired_at = ${now}, private_key = NULL WHERE retired_at IS NULL`)
        await addKey(tx, secretKey, now)
      })
      const { current } = await reload()
      return { id: current.id }
    },
    async removeExpired() {
      await db.query(
        sql`DELETE FROM accounts.signing_keys WHERE retired_at IS NOT NULL AND ${lastTokenOut} <= ${clock()}`,
      )
    },
  }
}

/** SQL: when the last token that a retired key signed expires. */
const lastTokenOut = sql`greatest(issued_until, retired_at + ${publishedAfterRetiringMs} * interval '1 millisecond')`

function readKeys(db: Queryable, now: Date): Promise<KeyRow[]> {
  return db.query<KeyRow>(sql`
    SELECT id, public_key AS "publicKey", private_key AS "privateKey"
    FROM accounts.signing_keys
    WHERE retired_at IS NULL OR ${lastTokenOut} > ${now}
    ORDER BY retired_at DESC NULLS FIRST`)
}

/** Adds a key that signs, unless there is one: the unique index lets one of several processes through. */
async function addKey(db: Queryable, secretKey: Buffer, now: Date): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const id = await calculateJwkThumbprint(jwk)
  const wrapped = wrapKey(secretKey, id, privateKey.export({ format: 'der', type: 'pkcs8' }))
  await db.query(sql`
    INSERT INTO accounts.signing_keys (id, public_key, private_key, created_at)
    VALUES (${id}, ${JSON.stringify(jwk)}, ${wrapped}, ${now})
    ON CONFLICT DO NOTHING`)
}

function openedKey(rows: KeyRow[], secretKey: Buffer): Known['current'] {
  const row = rows.find((candidate) => candidate.privateKey !== null)
  if (!row?.privateKey) throw new Error('the key that signs tokens was removed while it was read: try again')
  try {
    const der = unwrapKey(secretKey, row.id, row.privateKey)
    return { id: row.id, privateKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }) }
  } catch (error) {
    throw new Error(wrongSecretKey, { cause: error })
  }
}

const wrongSecretKey =
  'SECRET_KEY does not open the signing key in this database: set it to the one the shop was first started with, ' +
  'or, if that is lost, empty the table accounts.signing_keys (tokens signed before then stop working)'
