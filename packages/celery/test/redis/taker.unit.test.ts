import { expect, test } from 'vitest'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import type { Restorer } from '../../src/brokers/redis/restorer.ts'
import { Taker } from '../../src/brokers/redis/taker.ts'
import { unackedSuffix } from '../../src/brokers/redis/unacked.ts'
import type { RedisLink } from '../../src/redis/link.ts'
import { ConnectionLost } from '../../src/redis/replies.ts'

test('what was taken is found again, and what was settled is, when an answer tells to connect anew', async () => {
  const answers = [
    [['{}'], 0, [], [0, 'READONLY']],
    [[], 0, ['settled'], []],
  ]
  const link = {
    run: async () => answers.shift(),
    async refusals(refused: unknown[]) {
      if (refused.length > 0) throw new ConnectionLost('READONLY', true)
      return undefined
    },
  }
  const read = async (tags: string[]) => [
    { tag: tags[0] ?? '', score: '', value: `[{}${unackedSuffix('q')}` },
  ]
  const taker = new Taker({
    link: link as unknown as RedisLink,
    keys: new BrokerKeys('', 0),
    restorer: { read } as unknown as Restorer,
    queue: 'q',
    tagPrefix: 'tag-',
    lease: 60_000,
  })
  await expect(taker.take(1, ['settled'], performance.now())).rejects.toThrow('READONLY')
  expect(taker.isInDoubt).toBe(true)
  expect((await taker.recover())?.texts).toEqual(['{}'])
  expect((await taker.take(1, ['settled'], performance.now())).gone).toEqual(new Set())
})
