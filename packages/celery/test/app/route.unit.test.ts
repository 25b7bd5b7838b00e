import { describe, expect, it } from 'vitest'
import type { PublishTo } from '../../src/app/app-core.ts'
import type { CeleryOptions } from '../../src/app/celery-options.ts'
import { destination, findRoute, routeOf } from '../../src/app/route.ts'
import { chain, chunks, map } from '../../src/canvas/build.ts'
import { normalise } from '../../src/canvas/normalise.ts'
import { createCelery } from '../../src/create-celery.ts'
import type { SignatureData } from '../../src/protocol/message.ts'

describe('the route of a task', () => {
  const fits = (task: string | RegExp, name: string) => findRoute([{ task, queue: 'q' }], name) !== undefined

  it.each([
    ['feeds.import', 'feeds.import', true],
    ['feeds.import', 'feeds.import_all', false],
    ['feeds.*', 'feeds.import', true],
    ['feeds.*', 'feedsXimport', false],
    ['*', 'anything.at.all', true],
    ['feeds.??', 'feeds.ab', true],
    ['feeds.??', 'feeds.abc', false],
    ['[fg]eeds', 'geeds', true],
    ['[!fg]eeds', 'geeds', false],
    ['a(b)+c', 'a(b)+c', true],
    [/feeds\.(in|out)/, 'feeds.in', true],
    [/feeds/, 'my.feeds', false],
  ])('%s is for %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected)
  })

  it('may have an odd pattern, which fits what it says and no more', () => {
    for (const odd of ['a[', 'a[]', 'a[!]', '[\\d]', 'a]', 'a[z-b]']) {
      expect([odd, fits(odd, 'ax'), fits(`${odd}*`, 'b')]).toEqual([odd, false, false])
    }
  })

  it('is found in no time that grows with its stars: a regular expression would never end here', () => {
    const name = 'a'.repeat(100_000)
    expect(fits('*a*a*a*b', name)).toBe(false)
  })

  it('is what the task says, then the first that fits, then the default', () => {
    const options: CeleryOptions = {
      broker: 'memory:',
      defaultQueue: 'usual',
      routes: [
        { task: 'feeds.*', queue: 'feeds', priority: 5 },
        { task: '*.import', queue: 'imports' },
      ],
    }
    const app = createCelery(options)
    app.task({ name: 'feeds.own', queue: 'own', run: () => 1 })
    expect(routeOf(app, 'feeds.own')).toEqual({ queue: 'own', priority: 5 })
    expect(routeOf(app, 'feeds.import')).toEqual({ queue: 'feeds', priority: 5 })
    expect(routeOf(app, 'books.import')).toEqual({ queue: 'imports', priority: undefined })
    expect(routeOf(app, 'books.export')).toEqual({ queue: 'usual', priority: undefined })
    const quick = createCelery({ ...options, taskDefaults: { queue: 'quick', priority: 1 } })
    expect(routeOf(quick, 'books.export')).toEqual({ queue: 'quick', priority: 1 })
  })

  it('is carried by its signatures, unless nothing is said of the task', () => {
    const routes = [{ task: 'feeds.*', queue: 'feeds', priority: 5 }]
    const carried = (options: Partial<CeleryOptions>, name: string) => {
      const app = createCelery({ broker: 'memory:', routes, ...options })
      app.task({ name: 'feeds.own', queue: 'own', run: () => 1 })
      const plain = app.task({ name: 'plain', run: () => 1 })
      const { options: own } = app.signature(name).toJSON()
      if (name === 'plain') expect(plain.signature().toJSON().options).toEqual(own)
      return own
    }
    expect(carried({}, 'feeds.own')).toEqual({ queue: 'own' })
    expect(carried({}, 'feeds.elsewhere')).toEqual({ queue: 'feeds' })
    expect(carried({}, 'plain')).toEqual({})
    expect(carried({ defaultQueue: 'mine' }, 'plain')).toEqual({ queue: 'mine' })
    expect(carried({ taskDefaults: { queue: 'quick' } }, 'plain')).toEqual({ queue: 'quick' })
    for (const elsewhere of ['elsewhere', 'celery.accumulate']) {
      expect(carried({ defaultQueue: 'mine', taskDefaults: { queue: 'quick' } }, elsewhere)).toEqual({})
    }
  })

  it('of a map is that of the task it calls, by name or in its place', async () => {
    const app = createCelery({ broker: 'memory:', routes: [{ task: 'feeds.*', queue: 'feeds' }] })
    const task = app.signature('feeds.import').set({ queue: 'elsewhere' })
    await app.send('celery.map', { kwargs: { task, it: [1] } })
    await app.signature('celery.map', { kwargs: { task, it: [1] } }).send()
    await app.signature('celery.starmap', { args: [task, [[1]]] }).send()
    expect(await app.purge('feeds')).toBe(3)
    await app.close()
  })

  it('gives way to what a call says', async () => {
    const app = createCelery({ broker: 'memory:' })
    const own = app.task({ name: 'own', params: ['n'], queue: 'own', run: ({ n }: { n: number }) => n })
    const exchanged = { exchange: 'e', routing_key: 'k' }
    const direct = own.signature({}, { exchange: 'e', routingKey: 'k' })
    expect(own.signature({}, { queue: 'other' }).toJSON().options).toEqual({ queue: 'other' })
    expect(direct.toJSON().options).toEqual(exchanged)
    expect(direct.set({ queue: 'back' }).toJSON().options).toEqual({ queue: 'back' })
    const remote = app.remote({ name: 'own', exchange: 'e', routingKey: 'k' })
    expect(remote.signature().toJSON().options).toEqual(exchanged)
    const each = chain(own.signature()).set({ exchange: 'e', routingKey: 'k' }).toJSON()
    expect(normalise(each).options).toEqual(exchanged)
    const parts = (data: SignatureData) => data.kwargs.tasks as SignatureData[]
    expect(parts(chunks(own, [[1], [2]], 1).toJSON()).map(({ options }) => options.queue)).toEqual([
      'own',
      'own',
    ])
    expect(map(own, [1]).toJSON().options).toEqual({ queue: 'own' })
  })
})

describe('where a message is published', () => {
  const topic = { name: 'news', exchange: { name: 'events', type: 'topic' as const }, routingKey: 'news.#' }
  const direct = { name: 'jobs', exchange: { name: 'work', type: 'direct' as const }, routingKey: 'job' }
  const fanout = { name: 'all', exchange: { name: 'told', type: 'fanout' as const } }
  const declared = [topic, direct, fanout]
  const queue = (name: string) => declared.find((one) => one.name === name) ?? { name }
  const place = (to: PublishTo) => destination(to, queue, 'usual')

  it('is the default exchange for a queue with a direct one, else its own', () => {
    expect(place({ queue: 'news' })).toEqual({ exchange: 'events', routingKey: 'news.#', declare: topic })
    expect(place({ queue: 'jobs' })).toEqual({ exchange: '', routingKey: 'jobs', declare: direct })
    expect(place({ queue: 'other' })).toMatchObject({ exchange: '', routingKey: 'other' })
    expect(place({ exchange: 'x', routingKey: 'k' })).toEqual({ exchange: 'x', routingKey: 'k' })
  })

  it('has the key that Celery gives a queue of a fanout exchange without one', () => {
    expect(place({ queue: 'all' })).toEqual({ exchange: 'told', routingKey: 'usual', declare: fanout })
  })
})
