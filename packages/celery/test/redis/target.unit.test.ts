import { expect, test } from 'vitest'
import { readRedisUrl, secondsOption } from '../../src/redis/target.ts'

test.each([
  [
    'redis://',
    { host: '127.0.0.1', port: 6379, db: 0, username: undefined, password: undefined, tls: undefined },
  ],
  ['redis://cache:7000/3', { host: 'cache', port: 7000, db: 3 }],
  ['redis://:p%40ss@cache/', { username: undefined, password: 'p@ss', db: 0 }],
  [
    'redis://worker:secret@[::1]:6380//2',
    { host: '::1', port: 6380, username: 'worker', password: 'secret', db: 2 },
  ],
  ['rediss://cache', { tls: { verify: true, ca: undefined, cert: undefined, key: undefined } }],
  [
    'rediss://cache?ssl_cert_reqs=CERT_NONE&ssl_ca_certs=%2Fetc%2Fca.pem',
    { tls: { verify: false, ca: '/etc/ca.pem', cert: undefined, key: undefined } },
  ],
  ['redis+socket:///run/redis.sock?virtual_host=4', { path: '/run/redis.sock', db: 4 }],
  ['redis://cache?global_keyprefix=app:&max_connections=3', { options: { global_keyprefix: 'app:' } }],
])('%s', (url, expected) => {
  expect(readRedisUrl(url)).toMatchObject(expected)
})

test.each([
  'amqp://cache',
  'cache:6379',
  'redis://user:hidden@cache/one',
  'redis://user:hidden@cache/0?timeouts=3',
  'redis://user:hidden%@cache/0',
  'rediss://user:hidden@cache?ssl_cert_reqs=perhaps',
])('%s is refused, without its password', (url) => {
  try {
    readRedisUrl(url)
  } catch (error) {
    expect(error).toMatchObject({ code: 'BAD_OPTION' })
    expect(String(error)).not.toContain('hidden')
    return
  }
  expect.fail('it was taken')
})

test('options in seconds', () => {
  const target = readRedisUrl('redis://cache?visibility_timeout=43200&socket_timeout=0')
  expect(secondsOption(target, 'visibility_timeout')).toBe(43_200)
  expect(secondsOption(target, 'socket_connect_timeout')).toBeUndefined()
  expect(() => secondsOption(target, 'socket_timeout')).toThrow(/socket_timeout/)
})
