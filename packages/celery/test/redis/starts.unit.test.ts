import { expect, test } from 'vitest'
import type { RedisDelivery } from '../../src/brokers/redis/delivery.ts'
import { BrokerKeys } from '../../src/brokers/redis/keys.ts'
import { uncountStart } from '../../src/brokers/redis/scripts.ts'
import { Starts } from '../../src/brokers/redis/starts.ts'
import type { RedisLink } from '../../src/redis/link.ts'
import type { Script } from '../../src/redis/script.ts'

test('a beginning is taken back once, however often the message is tried to be put back', async () => {
  const scripts: Script[] = []
  const link = {
    persist: (work: () => Promise<unknown>) => work(),
    async run(script: Script) {
      scripts.push(script)
      return 1
    },
  } as unknown as RedisLink
  const delivery = { tag: 'tag', document: { tag: 'sent' }, isCounted: false } as unknown as RedisDelivery
  const starts = new Starts(link, new BrokerKeys('', 0))
  expect(await starts.count(delivery, 1_000)).toBe(1)
  starts.undo(delivery)
  starts.undo(delivery)
  expect(scripts.filter((script) => script === uncountStart)).toHaveLength(1)
})
