import { createRedisBroker } from '../../src/brokers/redis/index.ts'

/** A process that takes messages and settles none, to be killed. Arguments: URL, prefix, queue, how many. */
const [url = '', globalKeyPrefix = '', queue = '', count = '1'] = process.argv.slice(2)
const broker = createRedisBroker(url, { globalKeyPrefix, leaseTimeout: 1 })
await broker.open()
let taken = 0
await broker.consume(
  { name: queue },
  {
    prefetch: Number(count),
    onDelivery() {
      taken += 1
      if (taken === Number(count)) process.stdout.write('held\n')
    },
  },
)
