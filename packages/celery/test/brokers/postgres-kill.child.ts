import { createPostgresBroker } from '../../src/brokers/postgres/index.ts'
import { poolOfUrl } from '../postgres/support/places.ts'

/** A worker for the test that kills it: writes down what it got, and only then acknowledges. */
const [url = '', queue = ''] = process.argv.slice(2)
const pool = poolOfUrl(url, 4)
const broker = createPostgresBroker(url, { leaseTimeout: 1 })
await broker.open()
await broker.consume(
  { name: queue },
  {
    prefetch: 20,
    async onDelivery(delivery) {
      await pool.query('INSERT INTO effects VALUES ($1, $2)', [
        delivery.message.headers.id,
        delivery.redelivered,
      ])
      await delivery.ack()
    },
  },
)
process.send?.('consuming')
