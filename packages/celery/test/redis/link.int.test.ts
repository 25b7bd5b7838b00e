import { afterEach, describe, expect, test, vi } from 'vitest'
import { createRedisBroker } from '../../src/brokers/redis/index.ts'
import { type Log, noLog } from '../../src/log.ts'
import { RedisLink } from '../../src/redis/link.ts'
import { readRedisUrl } from '../../src/redis/target.ts'
import { messageOf, until } from '../../testing/broker-contract/suite.ts'
import { leftOut } from '../../testing/servers.ts'
import { startTcpProxy } from '../../testing/tcp-proxy.ts'
import { plainClient } from './keys.ts'
import { hasRedisServer, OwnRedis } from './own-server.ts'

if (!hasRedisServer) leftOut('the connection to Redis', 'redis-server on the PATH')

describe.skipIf(!hasRedisServer)('the connection to Redis', () => {
  const running: { remove(): unknown }[] = []
  afterEach(async () => {
    vi.restoreAllMocks()
    for (const { remove } of running.splice(0).reverse()) await remove()
  })

  async function start(options: string[] = [], password?: string): Promise<OwnRedis> {
    const redis = await OwnRedis.start(options, password)
    running.push({ remove: () => redis.remove() })
    return redis
  }

  async function connect(url: string, log: Log = noLog): Promise<RedisLink> {
    const target = readRedisUrl(url)
    const link = new RedisLink({
      target,
      code: 'BROKER_UNAVAILABLE',
      commandTimeout: 2,
      connectTimeout: 2,
      log,
    })
    running.push({ remove: () => link.close() })
    await link.open()
    return link
  }

  test('to one that refuses to write is made again with growing pauses, until it does write', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1)
    const redis = await start(['--replicaof', '127.0.0.1', '1'])
    const link = await connect(redis.url)
    const began = performance.now()
    let losses = 0
    link.watch((state) => {
      if (state === 'reconnecting') losses += 1
    })
    const writing = link.persist(() => link.command('SET', 'key', 'value'), 20_000)
    await until(() => losses >= 5, 'five refusals')
    // 0.1, 0.2, 0.4 and 0.8 seconds, but that timers may be a little early.
    expect(performance.now() - began).toBeGreaterThan(1_450)
    const admin = plainClient(redis.url)
    await admin.connect()
    await admin.replicaof('NO', 'ONE')
    expect(await writing).toBe('OK')
    admin.disconnect()
  })

  test('to one that refuses to write for ever ends in an error that says what it answered', async () => {
    const redis = await start(['--replicaof', '127.0.0.1', '1'])
    const refused = {
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringMatching(/READONLY.*replica/),
    }
    const link = await connect(redis.url)
    await expect(link.persist(() => link.command('SET', 'key', 'value'), 1_000)).rejects.toMatchObject(
      refused,
    )
    const broker = createRedisBroker(redis.url)
    running.push({ remove: () => broker.close() })
    await broker.open()
    const publishing = broker.publish(messageOf('x'), { exchange: '', routingKey: 'q' }, { timeout: 1 })
    await expect(publishing).rejects.toMatchObject(refused)
  })

  test.each([
    ['a database that is not there', (url: string) => url.replace(/0$/, '99'), /DB index is out of range/],
    ['no password', (url: string) => url.replace('//:own@', '//'), /at 127.*its URL has to hold one.*NOAUTH/],
    [
      'a wrong password',
      (url: string) => url.replace('//', '//nobody:secret@'),
      /see user and password.*WRONGPASS/,
    ],
  ])('is refused with %s', async (_, wrong, why) => {
    const redis = await start(['--requirepass', 'own'], 'own')
    const refused = connect(wrong(redis.url))
    await expect(refused).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(why),
    })
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringMatching(/secret|again/) })
  })

  test('is told of when it is lost and when it is back, and its refusal in the error of each send', async () => {
    const redis = await start()
    const admin = plainClient(redis.url)
    await admin.connect()
    running.push({ remove: () => admin.disconnect() })
    const lines: string[] = []
    const log: Log = { ...noLog, info: (_, line) => lines.push(line), warn: (_, line) => lines.push(line) }
    const broker = createRedisBroker(redis.url, { log })
    running.push({ remove: () => broker.close() })
    await broker.open()
    await admin.config('SET', 'requirepass', 'secret')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    const publish = (timeout: number) =>
      broker.publish(messageOf('x'), { exchange: '', routingKey: 'q' }, { timeout })
    const why =
      /^Redis (did not take a message|at .* could not be reached) in time \(its last answer: .*NOAUTH/
    await expect(publish(2)).rejects.toMatchObject({ message: expect.stringMatching(why) })
    await admin.config('SET', 'requirepass', '')
    await publish(20)
    const { host } = new URL(redis.url)
    await until(() => lines.length === 2, 'both lines')
    expect(lines).toEqual([
      `the connection to Redis (${host}) was lost`,
      `there is a connection to Redis (${host}) again`,
    ])
  })

  test('with a password that nobody asks for is made, and the log says so once', async () => {
    const written = vi.spyOn(console, 'warn')
    const redis = await start()
    const warnings: string[] = []
    const log: Log = { ...noLog, warn: (_, line) => warnings.push(line) }
    const link = await connect(redis.url.replace('//', '//:secret@'), log)
    await link.notices.attach()
    expect(warnings).toEqual([expect.stringContaining('asks for no password')])
    expect(await link.command('CLIENT', 'GETNAME')).toBe('celery-ts')
    expect(written).not.toHaveBeenCalled()
  })

  test('to what has no server behind it is no connection', async () => {
    const redis = await start()
    const proxy = await startTcpProxy(redis.url, 6379)
    running.push({ remove: () => proxy.close() })
    const attempts: unknown[] = []
    const link = await connect(proxy.through(redis.url), {
      ...noLog,
      debug: (fields) => attempts.push(fields),
    })
    await redis.kill()
    await until(() => attempts.length >= 4, 'four attempts')
    expect([link.state, attempts.at(-1)]).toEqual(['reconnecting', expect.objectContaining({ attempt: 4 })])
    await redis.start()
    await link.whenUp(20_000)
    expect(await link.command('PING')).toBe('PONG')
  })
})
