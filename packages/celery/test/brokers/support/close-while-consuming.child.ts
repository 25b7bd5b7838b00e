import { openBroker } from '../../../src/brokers/open.ts'

/** Closes brokers that have just been asked to consume, each a little later, and is to end by itself. Argument: URL. */
const [url = ''] = process.argv.slice(2)
const options = { prefetch: 1, onDelivery() {} }
for (let turns = 0; turns < 12; turns++) {
  const broker = await openBroker(url)
  await broker.open()
  await broker.consume({ name: 'consumed' }, options)
  const consuming = broker.consume({ name: `late ${turns}` }, options).then(
    () => 'consumes',
    (error: { code?: string; message?: string }) => error.code ?? error.message,
  )
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
  await broker.close()
  process.stdout.write(`${await consuming}\n`)
}
