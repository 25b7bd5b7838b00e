import { describe, expect, it } from 'vitest'
import { createPasswordHasher, owaspCost } from '../src/passwords/password-hasher.ts'
import { parsePhc } from '../src/passwords/phc.ts'

const cheap = { memory: 8, passes: 1, parallelism: 1 }
const bounds = { concurrency: 2, waiting: 100, refusal: () => new Error('busy') }
const hasher = createPasswordHasher({ ...cheap, ...bounds })

describe('hashing passwords', () => {
  it('verifies the password it hashed and no other', async () => {
    const hash = await hasher.hash('correct horse')
    expect(await hasher.verify('correct horse', hash)).toBe(true)
    expect(await hasher.verify('correct horsf', hash)).toBe(false)
    expect(await hasher.verify('', hash)).toBe(false)
  })

  it('gives the same password another hash each time', async () => {
    expect(await hasher.hash('correct horse')).not.toBe(await hasher.hash('correct horse'))
  })

  it('costs what OWASP asks for', async () => {
    const hash = await createPasswordHasher({ ...owaspCost, ...bounds }).hash('correct horse')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  })

  it('knows a hash of another cost, and still verifies it', async () => {
    const hash = await hasher.hash('correct horse')
    const dearer = createPasswordHasher({ ...cheap, passes: 2, ...bounds })
    expect(hasher.isOutdated(hash)).toBe(false)
    expect(dearer.isOutdated(hash)).toBe(true)
    expect(await dearer.verify('correct horse', hash)).toBe(true)
  })

  it('verifies a hash of the reference implementation', async () => {
    // From the tests of https://github.com/P-H-C/phc-winner-argon2
    const hash = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
    expect(await hasher.verify('password', hash)).toBe(true)
    expect(await hasher.verify('passwore', hash)).toBe(false)
  })

  it('refuses what is not a hash', async () => {
    await expect(hasher.verify('x', 'plain text')).rejects.toThrow('not a PHC string of argon2id')
    expect(() => parsePhc('$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA')).toThrow('argon2id')
  })

  it('refuses work beyond its bounds at once, and goes on with what it took', async () => {
    const small = createPasswordHasher({
      ...cheap,
      concurrency: 1,
      waiting: 1,
      refusal: () => new Error('busy'),
    })
    const results = await Promise.allSettled([small.hash('a'), small.hash('b'), small.hash('c')])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    await expect(small.hash('d')).resolves.toContain('$argon2id$')
  })
})
