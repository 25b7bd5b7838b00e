import { expect, test } from 'vitest'
import { Batcher } from '../../src/redis/batcher.ts'
import type { RedisLink } from '../../src/redis/link.ts'

test('what waits to be sent is bounded in bytes, and room again once it is sent', async () => {
  const sent: number[] = []
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const batcher = new Batcher<number>({
    link: { code: 'BROKER_UNAVAILABLE' } as RedisLink,
    async send(items) {
      await held
      sent.push(...items)
      return undefined
    },
    sizeOf: (bytes) => bytes,
    what: 'a message',
  })
  const waiting = [batcher.add(100_000_000, 5_000), batcher.add(200_000_000, 5_000)]
  await expect(batcher.add(1, 5_000)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  release()
  await Promise.all(waiting)
  await batcher.add(1, 5_000)
  expect(sent).toEqual([100_000_000, 200_000_000, 1])
})
