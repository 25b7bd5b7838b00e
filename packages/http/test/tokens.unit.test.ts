import { type GenerateKeyPairResult, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createTokenVerifier, Problem } from '../src/index.ts'

const nowMs = 1_790_000_000_000
const now = nowMs / 1000
const issuer = 'https://shop.example'
const audience = 'colophon'

let ours: GenerateKeyPairResult
let theirs: GenerateKeyPairResult

beforeAll(async () => {
  ours = await generateKeyPair('ES256')
  theirs = await generateKeyPair('ES256')
})

interface Changes {
  readonly claims?: Record<string, unknown>
  readonly header?: Record<string, unknown>
  readonly keys?: GenerateKeyPairResult
}

function sign({ claims = {}, header = {}, keys = ours }: Changes = {}): Promise<string> {
  const payload = {
    iss: issuer,
    aud: audience,
    sub: 'ann',
    roles: ['staff'],
    iat: now - 10,
    exp: now + 60,
    ...claims,
  }
  return new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header })
    .sign(keys.privateKey)
}

function verify(token: string): Promise<unknown> {
  const keys = async () => ours.publicKey
  return createTokenVerifier({ issuer, audience, keys, algorithms: ['ES256'], clock: () => nowMs })(token)
}

test('a token stands for as long as its issuer says, who is asked about good ones only', async () => {
  const asked: unknown[] = []
  const verifier = createTokenVerifier({
    issuer,
    audience,
    keys: async () => ours.publicKey,
    algorithms: ['ES256'],
    isStanding: async ({ sub }) => {
      asked.push(sub)
      return sub === 'ann'
    },
    clock: () => nowMs,
  })
  expect(await verifier(await sign())).toMatchObject({ accountId: 'ann' })
  await expect(verifier(await sign({ claims: { sub: 'bob' } }))).rejects.toMatchObject({
    code: 'invalid_token',
    message: expect.stringContaining('taken back'),
  })
  await expect(verifier(await sign({ keys: theirs }))).rejects.toMatchObject({ code: 'invalid_token' })
  await expect(verifier(await sign({ claims: { exp: now - 6 } }))).rejects.toThrow('expired')
  expect(asked).toEqual(['ann', 'bob'])
})

test('a token of ours names its account and roles', async () => {
  expect(await verify(await sign())).toEqual({ accountId: 'ann', roles: ['staff'] })
  expect(await verify(await sign({ header: { typ: 'application/at+jwt' } }))).toMatchObject({
    accountId: 'ann',
  })
})

describe('a token is refused that', () => {
  const refused: [string, Changes][] = [
    ['another issuer made', { claims: { iss: 'https://evil.example' } }],
    ['is for another audience', { claims: { aud: 'other' } }],
    ['has expired', { claims: { exp: now - 6 } }],
    ['never expires', { claims: { exp: undefined } }],
    ['was issued in the future', { claims: { iat: now + 6 } }],
    ['is not valid yet', { claims: { nbf: now + 6 } }],
    ['does not say when it was issued', { claims: { iat: undefined } }],
    ['is an ID token', { header: { typ: 'JWT' } }],
    ['has no type', { header: { typ: undefined } }],
    ['names no account', { claims: { sub: '' } }],
    ['has no roles', { claims: { roles: undefined } }],
    ['has roles that are not texts', { claims: { roles: [1] } }],
  ]
  test.each(refused)('%s', async (_, changes) => {
    await expect(verify(await sign(changes))).rejects.toMatchObject({ code: 'invalid_token', status: 401 })
  })

  test('another key signed', async () => {
    await expect(verify(await sign({ keys: theirs }))).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('nobody signed', async () => {
    const payload = { iss: issuer, aud: audience, sub: 'ann', roles: ['admin'], iat: now, exp: now + 60 }
    await expect(verify(new UnsecuredJWT(payload).encode())).rejects.toMatchObject({ code: 'invalid_token' })
    const [, body] = (await sign()).split('.')
    const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')
    await expect(verify(`${header}.${body}.`)).rejects.toMatchObject({ code: 'invalid_token' })
  })

  test('was changed, or never was one', async () => {
    const [header, body, signature] = (await sign()).split('.')
    const admin = Buffer.from(JSON.stringify({ sub: 'ann', roles: ['admin'] })).toString('base64url')
    for (const token of [
      `${header}.${admin}.${signature}`,
      `${header}.${body}`,
      'x',
      '..',
      `${header}.${body}.AAAA`,
    ]) {
      await expect(verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
    }
  })

  test('is signed with an algorithm that only its own header names', async () => {
    const secret = new TextEncoder().encode('x'.repeat(32))
    const token = await new SignJWT({
      iss: issuer,
      aud: audience,
      sub: 'ann',
      roles: [],
      iat: now,
      exp: now + 60,
    })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
      .sign(secret)
    await expect(verify(token)).rejects.toMatchObject({ code: 'invalid_token' })
  })
})

test('five seconds of difference between clocks do not matter', async () => {
  const edge = await sign({ claims: { iat: now + 5, exp: now - 4 } })
  expect(await verify(edge)).toMatchObject({ accountId: 'ann' })
})

test('keys that cannot be had say nothing about the token', async () => {
  const down = new Error('connect ECONNREFUSED')
  const keys = () => Promise.reject(down)
  const verifier = createTokenVerifier({ issuer, audience, keys, algorithms: ['ES256'], clock: () => nowMs })
  const error = await verifier(await sign()).catch((caught: unknown) => caught)
  expect(error).toBe(down)
  expect(error).not.toBeInstanceOf(Problem)
})
