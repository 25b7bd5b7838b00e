import { createPublicKey, randomBytes } from 'node:crypto'
import { createAccounts } from '@colophon/accounts'
import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { exchange, head } from '../../packages/http/test/sockets.ts'
import { useTarget } from './target.ts'

const secretKey = randomBytes(32).toString('base64url')
const target = useTarget({ SECRET_KEY: secretKey })

/** Where only staff may be, and nothing else is wrong. */
const path = '/api/reports/authors'

let good: string
let parts: { header: string; claims: string; signature: string }
let key: { kid: string; pem: string; jwk: string }

beforeAll(async () => {
  good = target().tokens.staff
  const [header = '', claims = '', signature = ''] = good.split('.')
  parts = { header, claims, signature }
  const { keys } = JSON.parse((await target().send({ path: '/.well-known/jwks.json' })).text)
  const pem = createPublicKey({ key: keys[0], format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  key = { kid: keys[0].kid, pem: String(pem), jwk: JSON.stringify(keys[0]) }
})

const hour = 3_600_000

/** A token by the shop's own key, of a service that differs from the shop's in this. */
async function issuedBy(differing: { issuer?: string; audience?: string; now?: () => Date }) {
  const { shop } = target()
  const logger = createLogger({ level: 'fatal', readable: false })
  const service = createAccounts({
    ...{ database: shop.test.database, logger, secretKey, issuer: 'colophon' },
    ...differing,
  })
  const token = { role: 'staff', email: 'staff@example.com', expiresInSeconds: 600 } as const
  const { accessToken } = await service.client.issueToken(token)
  // That it was issued is kept, and is not what an attack has written.
  await shop.test.database.query(sql`
    delete from accounts.account_history where detail @> '{"expiresIn": 600}'`)
  return accessToken
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The good token, whose header or claims are changed and whose signature stays. */
function changed({ header = {}, claims = {} }: { header?: object; claims?: object }): string {
  const [first, second] = [decodeProtectedHeader(good), decodeJwt(good)]
  return [encoded({ ...first, ...header }), encoded({ ...second, ...claims }), parts.signature].join('.')
}

/** The good token's claims in the name of an admin, signed with a password. */
function signedWith(password: string | Buffer, header: object = {}): Promise<string> {
  return new SignJWT({ ...decodeJwt(good), roles: ['admin'] })
    .setProtectedHeader({ ...decodeProtectedHeader(good), alg: 'HS256', ...header })
    .sign(Buffer.from(password))
}

/** The good token's claims, signed by a key of the attacker's own. */
async function signedByStranger(header: object, isSent = false): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk = isSent ? { jwk: await exportJWK(publicKey) } : {}
  return new SignJWT(decodeJwt(good))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header, ...jwk })
    .sign(privateKey)
}

describe('a token is refused', () => {
  it.each<[what: string, token: () => string | Promise<string>]>([
    ['of another issuer', () => issuedBy({ issuer: 'https://elsewhere.example' })],
    ['for another audience', () => issuedBy({ audience: 'elsewhere' })],
    ['that has expired', () => issuedBy({ now: () => new Date(Date.now() - 2 * hour) })],
    ['from the future', () => issuedBy({ now: () => new Date(Date.now() + hour) })],
    ['that says it needs no signature', () => changed({ header: { alg: 'none' } })],
    ['that has none', () => `${encoded({ alg: 'none', typ: 'at+jwt', kid: key.kid })}.${parts.claims}.`],
    ['that says so in capitals', () => `${encoded({ alg: 'NONE', typ: 'at+jwt' })}.${parts.claims}.`],
    ['whose signature is left out', () => `${parts.header}.${parts.claims}.`],
    ['whose roles were changed', () => changed({ claims: { roles: ['admin'] } })],
    ['of another type', () => changed({ header: { typ: 'JWT' } })],
    ['signed with the public key as a password', () => signedWith(key.pem)],
    ['signed with the text of the JWKS as a password', () => signedWith(key.jwk)],
    ['signed with nothing', () => signedWith(Buffer.alloc(32))],
    ['whose key id is a path', () => signedWith('x', { kid: '../../../../dev/null' })],
    ['whose key id is SQL', () => signedWith('x', { kid: "' OR 1=1 --" })],
    ['signed by a stranger under our key id', () => signedByStranger({ kid: key.kid })],
    ['that brings its own key', () => signedByStranger({}, true)],
    ['that says where its key is', () => signedByStranger({ jku: 'http://127.0.0.1:1/jwks.json' })],
    ['whose key id is U+0000', () => signedByStranger({ kid: '\0' })],
    ['cut short', () => good.slice(0, -10)],
    ['with something after it', () => `${good}A`],
    ['twice', () => `${good}.${good}`],
    ['of which nothing is left', () => '..'],
    ['of 10 kB', () => `${good}${'A'.repeat(10_000)}`],
  ])('%s', async (_, token) => {
    const authorization = `Bearer ${await token()}`
    const answer = await target().send({ path, headers: { authorization } })
    expect([answer.status, answer.code]).toEqual([401, 'invalid_token'])
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer error="invalid_token"/)
    // Nor is it nobody's where nobody may ask: the mistake would not be seen.
    expect((await target().send({ path: '/api/books', headers: { authorization } })).status).toBe(401)
  })

  it('of 100 kB, before it is a request', async () => {
    const answer = await exchange(
      target().shop.gateway,
      head('GET', path, { authorization: `Bearer ${'A'.repeat(100_000)}` }),
    )
    expect([answer.status, JSON.parse(answer.body).code]).toEqual([431, 'headers_too_large'])
  })

  it.each(['Basic c3RhZmY6c3RhZmY=', 'Bearer', 'Bearer ', 'Token abc', '\u00ff', 'Bearer a b', 'Bearer é'])(
    'under another scheme or none: %j',
    async (authorization) => {
      const answer = await target().send({ path, headers: { authorization } })
      expect([answer.status, answer.code]).toEqual([401, 'invalid_token'])
    },
  )
})

it('a good token is not refused', async () => {
  expect((await target().send({ path, as: 'staff' })).status).toBe(200)
})
