import { describe, expect, it } from 'vitest'
import type { CeleryOptions } from '../../src/app/celery.ts'
import { createCelery } from '../../src/app/create-celery.ts'
import { destination, findRoute, routeOf } from '../../src/app/route.ts'

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
})

describe('where a message is published', () => {
  it('is the default exchange for a queue with a direct one, else its own', () => {
    const topic = { name: 'news', exchange: { name: 'events', type: 'topic' as const }, routingKey: 'news.#' }
    const direct = { name: 'jobs', exchange: { name: 'work', type: 'direct' as const }, routingKey: 'job' }
    const queue = (name: string) => [topic, direct].find((one) => one.name === name) ?? { name }
    expect(destination({ queue: 'news' }, queue)).toEqual({
      exchange: 'events',
      routingKey: 'news.#',
      declare: topic,
    })
    expect(destination({ queue: 'jobs' }, queue)).toEqual({
      exchange: '',
      routingKey: 'jobs',
      declare: direct,
    })
    expect(destination({ queue: 'other' }, queue)).toMatchObject({ exchange: '', routingKey: 'other' })
    expect(destination({ exchange: 'x', routingKey: 'k' }, queue)).toEqual({ exchange: 'x', routingKey: 'k' })
  })
})
