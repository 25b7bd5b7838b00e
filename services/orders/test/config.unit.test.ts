import { ConfigError, readConfig } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { ordersSettings } from '../src/config.ts'

const read = (environment: Record<string, string>) => readConfig(ordersSettings, environment)

describe('PAYMENTS_URL', () => {
  it.each([undefined, 'http://127.0.0.1:8082', 'https://pay.example/shop/', 'https://[::1]:8082/a@b'])(
    'may be %s',
    (given) => {
      expect(read(given === undefined ? {} : { PAYMENTS_URL: given }).paymentsUrl).toBe(given)
    },
  )

  it.each([
    'https://sk_live:@pay.example',
    'https://:sk_live@pay.example',
    'https://sk_live@pay.example',
    'https://pay.example?key=sk_live',
    'https://pay.example/#sk_live',
    'https://pay.example/?',
    'http://sk_live@/?host=pay.example',
  ])('is not %s, and what it holds is not told', (PAYMENTS_URL) => {
    expect(() => read({ PAYMENTS_URL })).toThrow(
      /^PAYMENTS_URL must be a URL without user, password, query and fragment: PAYMENTS_KEY is for the key$/,
    )
  })
})

describe('PAYMENTS_KEY', () => {
  it.each(['sk_live-1.2~3+4/5==', 'k'])('may be %s', (PAYMENTS_KEY) => {
    expect(read({ PAYMENTS_KEY }).paymentsKey).toBe(PAYMENTS_KEY)
  })

  it.each(['two words', 'a\nb', 'clé', '=a', '"quoted"'])(
    'is not %j, which no bearer header carries',
    (key) => {
      expect(() => read({ PAYMENTS_KEY: key })).toThrow(
        /^PAYMENTS_KEY must be a key that a bearer header [^"]+$/,
      )
    },
  )
})

describe('MAIL_FROM', () => {
  it.each(['shop@example.com', '"Books, Inc" <shop@example.com>', 'Books, Inc <shop@localhost>'])(
    'may be %s',
    (MAIL_FROM) => {
      expect(read({ MAIL_FROM }).mailFrom).toBe(MAIL_FROM)
    },
  )

  it('is the shop on this machine when it is left out', () => {
    const { mailFrom } = read({})
    expect(read({ MAIL_FROM: mailFrom }).mailFrom).toBe('Colophon <shop@localhost>')
  })

  it.each([
    'Colophon',
    'shop@',
    'Colophon <shop@example.com>, eve@example.net',
    'a@b\r\nBcc: eve@example.net',
  ])('is not %j, with a mail server or without', (MAIL_FROM) => {
    expect(() => read({ MAIL_FROM })).toThrow(ConfigError)
    expect(() => read({ MAIL_FROM })).toThrow(/^MAIL_FROM must be one address, as Colophon <shop@/)
  })
})

describe('REPORTS_TO', () => {
  it.each([undefined, 'staff@example.com', 'root@localhost'])('may be %s', (given) => {
    expect(read(given === undefined ? {} : { REPORTS_TO: given }).reportsTo).toBe(given)
  })

  it.each(['staff', 'a@example.com, b@example.com', 'Staff <staff@example.com>', 'a@b@example.com'])(
    'is not %j',
    (REPORTS_TO) => {
      expect(() => read({ REPORTS_TO })).toThrow(ConfigError)
      expect(() => read({ REPORTS_TO })).toThrow(/^REPORTS_TO must be one e-mail address, not "/)
    },
  )
})
