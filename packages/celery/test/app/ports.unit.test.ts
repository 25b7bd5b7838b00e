import { expect, test } from 'vitest'
import type {
  BrokerDescription,
  BrokerState,
  CastDestination,
  ChordPart,
  ConsumeOptions,
  Consumption,
  DeadLetterStore,
  Delivery,
  Destination,
  Inspect,
  Listening,
  ListenOptions,
  PublishOptions,
  QueueDeclaration,
  QueueDepth,
  Replies,
  ResultStore,
  RevokeOptions,
  TaskInfo,
  TaskMeta,
  Watching,
  WireMessage,
} from '../../src/index.ts'
import {
  type Broker,
  type ControlClient,
  createCelery,
  createControlClient,
  createMemoryBroker,
  createMemoryResults,
  createWorker,
} from '../../src/index.ts'

/** A broker of a program's own, around another; all that it is written with comes from the package's index. */
class CountingBroker implements Broker {
  readonly inner: Broker
  readonly kind = 'memory'
  readonly delivered: string[] = []

  constructor(inner: Broker) {
    this.inner = inner
  }

  get state(): BrokerState {
    return this.inner.state
  }
  get deadLetters(): DeadLetterStore {
    return this.inner.deadLetters
  }
  open = () => this.inner.open()
  close = () => this.inner.close()
  describe = (): BrokerDescription => this.inner.describe()
  declare = (queue: QueueDeclaration) => this.inner.declare(queue)
  depth = (queue: string): Promise<QueueDepth | undefined> => this.inner.depth(queue)
  purge = (queue: string) => this.inner.purge(queue)
  cast = (message: WireMessage, to: CastDestination) => this.inner.cast(message, to)
  listen = (to: ListenOptions): Promise<Listening> => this.inner.listen(to)

  watch(listener: (state: BrokerState, error?: Error) => void): () => void {
    return this.inner.watch(listener)
  }
  async publish(message: WireMessage, to: Destination, options?: PublishOptions): Promise<void> {
    await this.inner.publish(message, to, options)
  }
  async consume(queue: QueueDeclaration, { prefetch, onDelivery }: ConsumeOptions): Promise<Consumption> {
    const counted = (delivery: Delivery) => {
      this.delivered.push(String(delivery.message.headers.task))
      onDelivery(delivery)
    }
    return await this.inner.consume(queue, { prefetch, onDelivery: counted })
  }
}

/** A store of a program's own. */
function loggingResults(inner: ResultStore, seen: string[]): ResultStore {
  return {
    kind: inner.kind,
    open: () => inner.open(),
    close: () => inner.close(),
    describe: () => inner.describe(),
    async store(meta: TaskMeta) {
      seen.push(meta.status)
      await inner.store(meta)
    },
    get: (ids) => inner.get(ids),
    forget: (ids) => inner.forget(ids),
    watch: (ids, onMeta): Promise<Watching> => inner.watch(ids, onMeta),
    storeGroup: (id, result) => inner.storeGroup(id, result),
    getGroup: (id) => inner.getGroup(id),
    forgetGroup: (id) => inner.forgetGroup(id),
    setChordSize: (id, size) => inner.setChordSize(id, size),
    growChord: (id, by) => inner.growChord(id, by),
    addChordPart: (id, part: ChordPart) => inner.addChordPart(id, part),
    forgetChord: (id) => inner.forgetChord(id),
    countStart: (id, mark) => inner.countStart(id, mark),
    forgetStarts: (id) => inner.forgetStarts(id),
  }
}

test('a broker and a result store can be written with what the index exports', async () => {
  const broker = new CountingBroker(createMemoryBroker())
  const seen: string[] = []
  const app = createCelery({ broker, results: loggingResults(createMemoryResults(), seen) })
  const add = app.task({ name: 'add', run: ({ x, y }: { x: number; y: number }) => x + y })
  const worker = createWorker(app)
  await worker.start()
  expect(await (await add.send({ x: 1, y: 2 })).get()).toBe(3)
  expect(broker.delivered).toEqual(['add'])
  expect(seen).toEqual(['SUCCESS'])

  const control: ControlClient = createControlClient(app)
  const options: RevokeOptions = { reply: true, limit: 1, timeout: 5 }
  const replies: Replies = await control.revoke('a', options)
  expect(Object.values(replies)).toEqual([{ ok: "tasks {'a'} flagged as revoked" }])
  const inspect: Inspect = control.inspect
  const active: (TaskInfo[] | { error: string })[] = Object.values(await inspect.active({ limit: 1 }))
  expect(active).toEqual([[]])
  await control.close()
  await worker.stop()
  await app.close()
})
