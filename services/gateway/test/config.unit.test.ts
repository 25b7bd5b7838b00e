import { readConfig } from '@colophon/runtime'
import { describe, expect, it } from 'vitest'
import { gatewaySettings } from '../src/index.ts'

const read = (environment: Record<string, string>) => readConfig(gatewaySettings, environment)

describe('the settings', () => {
  it('need nothing', () => {
    expect(read({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      opsPort: undefined,
      publicUrl: undefined,
      trustProxy: [],
      corsOrigins: [],
      clientRate: 6000,
      accountRate: 3000,
    })
  })

  it('take origins however they are written', () => {
    expect(
      read({ PUBLIC_URL: 'https://Shop.example/', CORS_ORIGINS: 'http://a.example:80, https://b.example' }),
    ).toMatchObject({
      publicUrl: 'https://shop.example',
      corsOrigins: ['http://a.example', 'https://b.example'],
    })
  })

  it.each([
    'shop.example',
    'https://shop.example/path',
    'ftp://shop.example',
    'https://u:p@shop.example',
    '*',
  ])('refuse %s as an origin', (value) => {
    expect(() => read({ PUBLIC_URL: value })).toThrow('PUBLIC_URL must be a scheme and a host')
    expect(() => read({ CORS_ORIGINS: `https://a.example,${value}` })).toThrow('CORS_ORIGINS must be')
  })

  it('take proxies by address, network and name', () => {
    const given = '10.0.0.0/8, 192.0.2.1,::1,fd00::/8,loopback'
    expect(read({ TRUST_PROXY: given }).trustProxy).toEqual([
      '10.0.0.0/8',
      '192.0.2.1',
      '::1',
      'fd00::/8',
      'loopback',
    ])
  })

  it.each(['true', '1', 'proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '::/129'])(
    'do not believe %s',
    (value) => {
      expect(() => read({ TRUST_PROXY: value })).toThrow('TRUST_PROXY must be addresses, networks')
    },
  )
})
