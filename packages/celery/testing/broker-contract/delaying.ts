import { expect, onTestFinished, test, vi } from 'vitest'
import { bodyOf, inboxOf, messageOf, type Stage, send, stageOf, waiting } from './suite.ts'

/** How much early a message may come back, in milliseconds: RabbitMQ counts whole seconds, and clocks are not one. */
const early = 1_100

export function delaying({ suite, broker, queue }: Stage): void {
  /** What waits until something is due waits beside the others. */
  function concurrently(name: string, run: (stage: Stage) => Promise<void>): void {
    test.concurrent(name, ({ onTestFinished }) => run(stageOf(suite, onTestFinished)))
  }

  concurrently(
    'a message comes back when it is due, with its new headers, though the process is gone',
    async ({ broker, queue }) => {
      const [first, second] = [await broker(), await broker()]
      const declared = queue()
      await first.publish(messageOf('a', { keep: 1 }), {
        exchange: '',
        routingKey: declared.name,
        declare: declared,
      })
      const delivery = await (await inboxOf(first, declared)).next()
      const due = Date.now() + 2_500
      await delivery.delay(new Date(due), { ...delivery.message.headers, retries: 1 })
      await delivery.ack()
      await first.close()
      const inbox = await inboxOf(second, declared)
      const again = await inbox.next()
      expect(Date.now()).toBeGreaterThanOrEqual(due - early)
      expect(again.message.headers).toEqual({ ...delivery.message.headers, retries: 1 })
      expect(again.message.properties).toEqual(delivery.message.properties)
      expect([bodyOf(again), again.queue]).toEqual(['a', declared.name])
      await again.ack()
      await waiting(second, declared, 0)
    },
  )

  concurrently('a header that is no text keeps no message from going on', async ({ broker, queue }) => {
    const subject = await broker()
    const declared = queue()
    // Python's `surrogateescape`, of a file's name that is no UTF-8.
    const message = messageOf('a', { argsrepr: "('\udcff',)" })
    await subject.publish(message, { exchange: '', routingKey: declared.name, declare: declared })
    const inbox = await inboxOf(subject, declared)
    const delivery = await inbox.next()
    const headers = { ...delivery.message.headers, detail: 'half \ud800', task_losses: 1 }
    await delivery.delay(new Date(), headers)
    const again = await inbox.next()
    expect([bodyOf(again), again.message.headers.task_losses]).toEqual(['a', 1])
    await again.ack()
  })

  concurrently(
    'what is parked makes room for the next, and others overtake it',
    async ({ broker, queue }) => {
      const subject = await broker()
      const declared = queue()
      await send(subject, declared, 'later')
      await send(subject, declared, 'now')
      const inbox = await inboxOf(subject, declared, 1)
      await (await inbox.next()).delay(new Date(Date.now() + 2_200))
      const now = await inbox.next()
      expect(bodyOf(now)).toBe('now')
      await now.ack()
      expect(bodyOf(await inbox.next())).toBe('later')
    },
  )

  concurrently('a message that expires does not expire while it is parked', async ({ broker, queue }) => {
    const subject = await broker()
    const declared = queue()
    const message = messageOf('a')
    message.properties.expiration = '1000'
    const inbox = await inboxOf(subject, declared)
    await subject.publish(message, { exchange: '', routingKey: declared.name, declare: declared })
    await (await inbox.next()).delay(new Date(Date.now() + 3_200))
    expect(bodyOf(await inbox.next())).toBe('a')
  })

  concurrently('a message published for later is not delivered before', async ({ broker, queue }) => {
    const [publisher, subject] = [await broker(), await broker()]
    const declared = queue()
    const inbox = await inboxOf(subject, declared)
    const due = Date.now() + 2_300
    const to = { exchange: '', routingKey: declared.name, declare: declared }
    await publisher.publish(messageOf('later'), to, { notBefore: new Date(due) })
    await publisher.publish(messageOf('now'), to)
    await publisher.close()
    expect(bodyOf(await inbox.next())).toBe('now')
    const later = await inbox.next()
    expect(Date.now()).toBeGreaterThanOrEqual(due - early)
    expect(bodyOf(later)).toBe('later')
  })

  // By itself, since it sets the clock of the whole process.
  test.each([-10, 10])('one is parked for as long as a worker says whose clock is %i s off', async (off) => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared)
    const delivery = await inbox.next()
    const { now } = Date
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + off * 1_000)
    onTestFinished(() => clock.mockRestore())
    const due = performance.now() + 2_300
    await delivery.delay(new Date(Date.now() + 2_300))
    await inbox.next()
    expect(performance.now()).toBeGreaterThanOrEqual(due - early)
    expect(performance.now()).toBeLessThan(due + 5_000)
  })

  concurrently('a delay that is over already brings it back at once', async ({ broker, queue }) => {
    const subject = await broker()
    const declared = queue()
    await send(subject, declared, 'a')
    const inbox = await inboxOf(subject, declared)
    await (await inbox.next()).delay(new Date(Date.now() - 5_000))
    expect(bodyOf(await inbox.next())).toBe('a')
  })
}
