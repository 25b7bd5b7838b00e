import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { type Database, type Queryable, sql } from '@colophon/postgres'
import { calculateJwkThumbprint } from 'jose'
import { accessTokenSeconds } from '../logins/lifetimes.ts'
import { unwrapKey, wrapKey } from './key-wrap.ts'

/** How long a process may go on signing with a key that another process has retired, in milliseconds. */
export const signedFromMemoryMs = 60_000
/** A retired key is published until the tokens signed with it are out, and a minute more for clocks that differ. */
const publishedAfterRetiringMs = accessTokenSeconds * 1000 + signedFromMemoryMs + 60_000

/** SQL: when the last token that a retired key signed expires. */
const lastTokenOut = sql`greatest(issued_until, retired_at + ${publishedAfterRetiringMs} * interval '1 millisecond')`

/** A public key on an elliptic curve (RFC 7518 §6.2.1). */
export type EcPublicKey = Record<'kty' | 'crv' | 'x' | 'y', string>

export interface KeyRow {
  id: string
  publicKey: EcPublicKey
  /** Wrapped; null once the key is retired. */
  privateKey: Buffer | null
}

/** The key that signs, and those retired whose tokens are not all out. Makes the first key when none signs. */
export async function readKeys(database: Database, secretKey: Buffer, now: Date): Promise<KeyRow[]> {
  const read = () =>
    database.query<KeyRow>(sql`
      select id, public_key as "publicKey", private_key as "privateKey"
      from accounts.signing_keys
      where retired_at is null or ${lastTokenOut} > ${now}
      order by retired_at desc nulls first`)
  const rows = await read()
  if (rows[0]?.privateKey) return rows
  await addKey(database, secretKey, now)
  return read()
}

/** Retires the key that signs and adds one in its place. */
export function replaceKey(database: Database, secretKey: Buffer, now: Date): Promise<void> {
  return database.transaction(async (tx) => {
    await tx.query(sql`
      update accounts.signing_keys set retired_at = ${now}, private_key = null where retired_at is null`)
    await addKey(tx, secretKey, now)
  })
}

/** Adds a key that signs, unless there is one: the unique index lets one of several processes through. */
async function addKey(database: Queryable, secretKey: Buffer, now: Date): Promise<void> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const id = await calculateJwkThumbprint(jwk)
  const wrapped = wrapKey(secretKey, id, privateKey.export({ format: 'der', type: 'pkcs8' }))
  await database.query(sql`
    insert into accounts.signing_keys (id, public_key, private_key, created_at)
    values (${id}, ${JSON.stringify(jwk)}, ${wrapped}, ${now})
    on conflict do nothing`)
}

/** Notes that a key signed a token that is good until then, so that it is published as long. */
export async function noteLongToken(database: Queryable, id: string, expiresAt: Date): Promise<void> {
  await database.query(sql`
    update accounts.signing_keys set issued_until = greatest(issued_until, ${expiresAt}) where id = ${id}`)
}

/** Deletes the keys whose last token is out. */
export async function removeOldKeys(database: Queryable, now: Date): Promise<void> {
  await database.query(sql`
    delete from accounts.signing_keys where retired_at is not null and ${lastTokenOut} <= ${now}`)
}

/** @throws Error in one line when SECRET_KEY is not the one that the key was wrapped with */
export function openKey({ id, privateKey }: KeyRow, secretKey: Buffer): KeyObject {
  if (!privateKey) throw new Error('the key that signs tokens was removed while it was read: try again')
  try {
    return createPrivateKey({ key: unwrapKey(secretKey, id, privateKey), format: 'der', type: 'pkcs8' })
  } catch (error) {
    throw new Error(wrongSecretKey, { cause: error })
  }
}

const wrongSecretKey =
  'SECRET_KEY, or secret-key in the data folder, does not open the signing key in this database: put back the one ' +
  'the shop was first started with, or, if it is lost, run `colophon keys rotate --secret-key-lost`'
