import { expect, test } from 'vitest'
import { readRedisUrl } from '../../src/redis/target.ts'

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
  ['redis://cache?global_keyprefix=app:&max_connections=3', { options: { globalKeyPrefix: 'app:' } }],
])('%s', (url, expected) => {
  expect(readRedisUrl(url)).toMatchObject(expected)
})

test.each([
  'amqp://cache',
  'cache:6379',
  'redis://user:hidden@cache/one',
  'redis://user:hidden@cache/0?timeouts=3',
  'redis://user:hidden%@cache/0',
  'redis://user:hidden@cache/0?visibility_timeout=abc',
  'redis://user:hidden@cache/0?visibility_timeout=',
  'redis://user:hidden@cache/0?lease_timeout=-1',
  'redis://user:hidden@cache/0?socket_timeout=0',
  'redis://:1?hidden@cache/0',
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
  const { options } = readRedisUrl(
    'redis://cache?visibility_timeout=43200&lease_timeout=90&socket_timeout=2.5',
  )
  expect(options).toEqual({
    globalKeyPrefix: undefined,
    visibilityTimeout: 43_200,
    leaseTimeout: 90,
    commandTimeout: 2.5,
    connectTimeout: undefined,
  })
})

test('an option that cannot be used is named', () => {
  expect(() => readRedisUrl('redis://cache?visibility_timeout=abc')).toThrow(
    'The option visibility_timeout of the URL of Redis must be a number of seconds above 0, not "abc".',
  )
  expect(() => readRedisUrl('redis://cache?visibility_timout=3')).toThrow(
    /did you mean visibility_timeout\?$/,
  )
})
