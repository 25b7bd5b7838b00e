import { expect, test } from 'vitest'
import { BatchWriter } from '../../src/redis/batch-writer.ts'
import type { RedisLink } from '../../src/redis/link.ts'

test('what waits to be sent is bounded in bytes, and room again once it is sent', async () => {
  const sent: number[] = []
  const { promise: held, resolve: release } = Promise.withResolvers<void>()
  const writer = new BatchWriter<number>({
    link: { code: 'BROKER_UNAVAILABLE', lately: '' } as RedisLink,
    async send(items) {
      await held
      sent.push(...items)
      return undefined
    },
    sizeOf: (bytes) => bytes,
    what: 'a message',
  })
  const waiting = [writer.write(100_000_000, 5_000), writer.write(200_000_000, 5_000)]
  await expect(writer.write(1, 5_000)).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  release()
  await Promise.all(waiting)
  await writer.write(1, 5_000)
  expect(sent).toEqual([100_000_000, 200_000_000, 1])
})
