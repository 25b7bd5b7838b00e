import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import type { DeadLetter, DeadLetterQuery } from '../../src/brokers/dead-letter-store.ts'
import { messageOf, type Stage } from './suite.ts'

export function deadLetters({ broker }: Stage): void {
  test('a letter is kept, found and removed', async () => {
    const subject = await broker()
    const letter = letterOf('kept')
    const before = await subject.deadLetters.count()
    await subject.deadLetters.add(letter)
    expect(await subject.deadLetters.get(letter.id)).toEqual(letter)
    expect(await subject.deadLetters.count()).toBe(before + 1)
    expect(await subject.deadLetters.remove([letter.id, randomUUID()])).toBe(1)
    expect(await subject.deadLetters.get(letter.id)).toBeUndefined()
    expect(await subject.deadLetters.remove([letter.id])).toBe(0)
    expect(await subject.deadLetters.count()).toBe(before)
  })

  test('its message is kept byte for byte', async () => {
    const subject = await broker()
    const letter = letterOf('bytes')
    letter.message.body = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    letter.taskId = undefined
    letter.task = undefined
    await subject.deadLetters.add(letter)
    const kept = await subject.deadLetters.get(letter.id)
    expect(kept?.message.body.equals(letter.message.body)).toBe(true)
    expect(kept).toEqual(letter)
    await subject.deadLetters.remove([letter.id])
  })

  test('the same letter again changes nothing', async () => {
    const subject = await broker()
    const task = `task-${randomUUID()}`
    const letter = letterOf(task)
    const before = await subject.deadLetters.count()
    await subject.deadLetters.add(letter)
    await subject.deadLetters.add({ ...letter, worker: 'another' })
    // RabbitMQ's queue has it twice.
    expect(await subject.deadLetters.count()).toBe(before + (subject.kind === 'amqp' ? 2 : 1))
    expect((await subject.deadLetters.list({ task })).letters).toEqual([letter])
    expect(await subject.deadLetters.remove([letter.id])).toBe(1)
    expect(await subject.deadLetters.get(letter.id)).toBeUndefined()
    expect(await subject.deadLetters.count()).toBe(before)
  })

  test('a letter that is added again later is listed once, on whichever page', async () => {
    const subject = await broker()
    const task = `task-${randomUUID()}`
    const letter = letterOf(task)
    const next = letterOf(task, '2026-03-02T12:00:00.000Z')
    for (const one of [letter, next, { ...letter, diedAt: '2026-03-03T12:00:00.000Z' }])
      await subject.deadLetters.add(one)
    expect((await subject.deadLetters.list({ task })).letters).toEqual([letter, next])
    const { next: after } = await subject.deadLetters.list({ task, limit: 1 })
    if (after === undefined) throw new Error('there is no second page')
    expect(await subject.deadLetters.list({ task, after })).toEqual({ letters: [next], next: undefined })
    expect(await subject.deadLetters.remove([letter.id, next.id])).toBe(2)
    expect((await subject.deadLetters.list({ task })).letters).toEqual([])
  })

  test('a letter that another process has removed can be added again', async () => {
    const [subject, other] = [await broker(), await broker()]
    const letter = letterOf('again')
    await subject.deadLetters.add(letter)
    expect(await other.deadLetters.remove([letter.id])).toBe(1)
    await subject.deadLetters.add(letter)
    expect(await other.deadLetters.get(letter.id)).toEqual(letter)
    expect(await other.deadLetters.remove([letter.id])).toBe(1)
  })

  test('it is kept whatever is in it: integers of any size, and characters that were cut in two', async () => {
    const subject = await broker()
    const letter = letterOf('odd')
    letter.message.headers = { big: 2n ** 60n, float: 0.5, none: null, deep: [{ list: [] }], cut: '\ud83d' }
    letter.error.message = 'cut \ud83d'
    await subject.deadLetters.add(letter)
    const kept = await subject.deadLetters.get(letter.id)
    expect(kept?.error.message.toWellFormed()).toBe('cut \ufffd')
    expect(kept?.message.headers).toMatchObject({
      big: 2n ** 60n,
      float: 0.5,
      none: null,
      deep: [{ list: [] }],
    })
    expect(await subject.deadLetters.remove([letter.id])).toBe(1)
  })

  test('they are listed in pages, oldest first, and not lost by looking', async () => {
    const [subject, other] = [await broker(), await broker()]
    const task = `task-${randomUUID()}`
    const letters = Array.from({ length: 7 }, (_, day) => letterOf(task, `2026-03-0${day + 1}T12:00:00.000Z`))
    for (const letter of letters.toReversed()) await subject.deadLetters.add(letter)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await other.deadLetters.list({ task, limit: 3, ...(after !== undefined && { after }) })
      expect(page.letters.length).toBeLessThanOrEqual(3)
      seen.push(...page.letters.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(letters.map(({ id }) => id))
    expect((await subject.deadLetters.list({ task })).letters).toEqual(letters)
    expect(await subject.deadLetters.remove(seen)).toBe(7)
  })

  test('they are listed by task, by queue, by reason, and by any of these together', async () => {
    const subject = await broker()
    const [task, queue, reason] = [`task-${randomUUID()}`, `queue-${randomUUID()}`, 'too_large' as const]
    const [one, two, three] = [
      letterOf(task),
      { ...letterOf(task), queue, reason },
      { ...letterOf('other'), queue },
    ]
    // What stands in a message is no reason.
    one.message.headers.reason = reason
    for (const letter of [one, two, three]) await subject.deadLetters.add(letter)
    const ids = async (query: DeadLetterQuery) =>
      (await subject.deadLetters.list(query)).letters.map(({ id }) => id).sort()
    expect(await ids({ task })).toEqual([one.id, two.id].sort())
    expect(await ids({ queue })).toEqual([two.id, three.id].sort())
    expect(await ids({ task, queue })).toEqual([two.id])
    expect(await ids({ reason })).toContain(two.id)
    expect(await ids({ task, reason })).toEqual([two.id])
    expect(await ids({ queue, reason })).toEqual([two.id])
    expect(await ids({ task, reason: 'rejected' })).toEqual([])
    expect(await subject.deadLetters.remove([one.id, two.id, three.id])).toBe(3)
  })

  test('of a rare reason, all are found among many others, each once', async () => {
    const subject = await broker()
    const task = `task-${randomUUID()}`
    const letters = Array.from({ length: 400 }, (_, n) => ({
      ...letterOf(task, new Date(Date.UTC(2026, 2, 1, 0, 0, n)).toISOString()),
      reason: n % 60 === 0 ? ('too_large' as const) : ('rejected' as const),
    }))
    await Promise.all(letters.map((letter) => subject.deadLetters.add(letter)))
    const rare = letters.filter(({ reason }) => reason === 'too_large').map(({ id }) => id)
    const seen: string[] = []
    let after: string | undefined
    do {
      const query = { task, reason: 'too_large' as const, limit: 2, ...(after !== undefined && { after }) }
      const page = await subject.deadLetters.list(query)
      seen.push(...page.letters.map(({ id }) => id))
      // What is taken out meanwhile moves no page.
      await subject.deadLetters.remove(page.letters.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(rare)
    expect(await subject.deadLetters.remove(letters.map(({ id }) => id))).toBe(400 - rare.length)
  })

  test('those who look at the same time all see the same', async () => {
    const brokers = [await broker(), await broker()]
    const task = `task-${randomUUID()}`
    const letters = Array.from({ length: 30 }, () => letterOf(task))
    await Promise.all(letters.map((letter) => brokers[0]?.deadLetters.add(letter)))
    const looks = [...brokers, ...brokers, ...brokers].map((subject) => subject.deadLetters.list({ task }))
    for (const { letters: seen } of await Promise.all(looks)) expect(seen).toHaveLength(30)
    const ids = letters.map(({ id }) => id)
    const removed = await Promise.all(brokers.map((subject) => subject.deadLetters.remove(ids)))
    expect(removed.reduce((sum, count) => sum + count)).toBe(30)
  })

  test('a page has from 1 to 1,000 letters, and begins where another ended', async () => {
    const subject = await broker()
    for (const query of [{ limit: 0 }, { limit: 1_001 }, { after: 'x' }]) {
      await expect(subject.deadLetters.list(query)).rejects.toMatchObject({ code: 'BAD_OPTION' })
    }
  })
}

export function letterOf(task: string, diedAt = '2026-03-01T12:00:00.000Z'): DeadLetter {
  return {
    id: randomUUID(),
    reason: 'retries_exhausted',
    taskId: randomUUID(),
    task,
    queue: 'celery',
    exchange: '',
    routingKey: 'celery',
    diedAt,
    worker: 'celery@host',
    error: { type: 'ValueError', message: 'Grüße', traceback: undefined },
    history: [{ at: diedAt, event: 'retry', detail: 'ValueError' }],
    message: messageOf('[[1], {}, {}]', { timelimit: [300, null], nested: { deep: [1.5, null, true] } }),
  }
}
