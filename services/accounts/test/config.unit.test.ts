import { randomBytes } from 'node:crypto'
import { readConfig } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { accountsSettings } from '../src/index.ts'

const read = (environment: Record<string, string>) => readConfig(accountsSettings, environment)

describe('the settings', () => {
  it('need nothing', () => {
    expect(read({})).toEqual({
      secretKey: undefined,
      adminEmail: 'admin@example.com',
      adminPassword: undefined,
    })
  })

  it('take a secret key of 32 bytes', () => {
    const secretKey = randomBytes(32).toString('base64url')
    expect(read({ SECRET_KEY: secretKey }).secretKey).toBe(secretKey)
    expect(() => read({ SECRET_KEY: 'hunter2' })).toThrow('SECRET_KEY must be 32 random bytes in base64url')
    expect(() => read({ SECRET_KEY: 'hunter2' })).not.toThrow('hunter2')
  })

  it('take a first admin whom the rules let in', () => {
    expect(read({ ADMIN_EMAIL: 'Ana@shop.example', ADMIN_PASSWORD: 'correct horse battery' })).toMatchObject({
      adminEmail: 'Ana@shop.example',
      adminPassword: 'correct horse battery',
    })
    expect(() => read({ ADMIN_EMAIL: 'root' })).toThrow('ADMIN_EMAIL must be an e-mail address, not "root"')
    expect(() => read({ ADMIN_PASSWORD: 'correct horse' })).toThrow(
      'ADMIN_PASSWORD must be a better password: it must have at least 15 characters',
    )
  })
})
