import { createCelery, createWorker } from '@colophon/celery'
import { sql } from '@colophon/postgres'
import { createLogger } from '@colophon/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailer } from '../src/mail/mailer.ts'
import { type Mailer, mailsAtOnce } from '../src/mail/port.ts'
import { mailOrder } from '../src/process/mail-order.ts'
import { mailsQueue, orderTasks, paymentsQueue } from '../src/tasks/index.ts'
import { type OrdersHarness, startOrders } from './harness.ts'
import { cancel, confirmed, handle, place, read, settled } from './support/handling.ts'
import { buy, receive } from './support/shopping.ts'
import { startSmtpSink } from './support/smtp-sink.ts'

let shop: OrdersHarness

beforeAll(async () => {
  shop = await startOrders()
})
afterAll(() => shop.stop())

/** The mails about an order so far. */
function mailsAbout(orderId: string) {
  return shop.mailer.sent.filter(({ id }) => id.startsWith(`order-${orderId}-`))
}

function lastMail(orderId: string) {
  const mail = mailsAbout(orderId).at(-1)
  if (mail === undefined) throw new Error(`no mail about ${orderId}`)
  return mail
}

describe('the mail', () => {
  it('that an order is confirmed has all that was bought, and for a guest the way to see it', async () => {
    const book = shop.catalog.add({
      title: 'Zoë\u202e\nTotal: <b>€0</b>',
      price: { amount: 1299, currency: 'EUR', includesTax: true },
    })
    await receive(shop, book.id, 5)
    const { body } = await buy(shop, book.id, 2)
    await settled(shop)
    const [mail] = mailsAbout(body.id)
    expect(mail).toEqual({
      id: `order-${body.id}-3`,
      to: 'guest@example.com',
      subject: `Order ${body.number}: confirmed`,
      text: expect.any(String),
      secrets: [body.orderToken],
    })
    expect(mail?.text).toBe(`Hello,

Thank you: your order is paid and confirmed.

2 x Zoë Total: <b>€0</b>: €25.98

Shipping: €${(body.shipping.amount / 100).toFixed(2)}
Total: €${(body.total.amount / 100).toFixed(2)}, of which €${(body.tax.amount / 100).toFixed(2)} tax

You ordered without an account. With these two your order can be seen,
and cancelled before it is sent, so keep the second to yourself.

Order: ${body.id}
Order-Token: ${body.orderToken}

Books & Sons, High Street 2, 10115 Berlin, DE123456789
`)
  })

  it('goes once, however often the task runs', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    expect(mailsAbout(id)).toHaveLength(1)
    expect(mailsAbout(id)[0]).toMatchObject({ to: 'customer@example.com' })
    expect(mailsAbout(id)[0]?.text).not.toContain('Order-Token')
    await shop.run('orders.mail', { order_id: id, seq: 3 })
    expect(mailsAbout(id)).toHaveLength(1)
  })

  it('that a payment was declined says why, and that nothing was charged', async () => {
    const book = shop.catalog.add()
    await receive(shop, book.id, 1)
    const { body } = await buy(shop, book.id, 1, { as: 'customer', token: 'tok_decline' })
    await settled(shop)
    const { subject, text } = lastMail(body.id)
    expect(subject).toBe(`Order ${body.number}: not paid`)
    expect(text).toContain('The payment was declined: the card was declined.')
    expect(text.replaceAll('\n', ' ')).toContain('nothing was charged, and nothing will be sent')
    expect(text).toContain('(1 cancelled)')
  })

  it('that an order expired says what becomes of money that is on its way', async () => {
    const book = shop.catalog.add()
    await receive(shop, book.id, 1)
    const { body } = await buy(shop, book.id, 1, { as: 'customer', token: 'tok_webhook_only' })
    await settle()
    shop.clock.advance(16 * 60_000)
    await shop.run('orders.expire', { order_id: body.id })
    await shop.run('orders.mail', { order_id: body.id, seq: 2 })
    const { subject, text } = lastMail(body.id)
    expect(subject).toBe(`Order ${body.number}: given up`)
    expect(text.replaceAll('\n', ' ')).toContain(
      'It was not paid in time. Should money still arrive, it is given back.',
    )
    await settle()
  })

  it('that an order is cancelled says what is given back, and the next that it was', async () => {
    const { id, number, total } = await confirmed(shop, [{ quantity: 1 }])
    await cancel(shop, id)
    await settled(shop)
    const paid = `€${(total.amount / 100).toFixed(2)}`
    const [, cancelled, refunded] = mailsAbout(id)
    expect(cancelled?.subject).toBe(`Order ${number}: cancelled`)
    expect(cancelled?.text.replaceAll('\n', ' ')).toContain(`What was paid, ${paid}, is given back.`)
    expect(refunded?.subject).toBe(`Order ${number}: money given back`)
    expect(refunded?.text).toMatch(
      new RegExp(`Given back on 2026-06-01: ${paid} \\(the order was cancelled\\)`),
    )
  })

  it('that an order is cancelled says what is left to be given back', async () => {
    const { id, total } = await confirmed(shop, [{ quantity: 1 }])
    const amount = { amount: 300, currency: 'EUR' }
    await handle(shop, id, 'refund', { amount, reason: 'a torn cover' })
    await settled(shop)
    shop.clock.advance(1_000)
    await cancel(shop, id)
    await settled(shop)
    const left = `€${((total.amount - 300) / 100).toFixed(2)}`
    const mail = mailsAbout(id).find(({ subject }) => subject.endsWith('cancelled'))
    expect(mail?.text.replaceAll('\n', ' ')).toContain(
      `What is left of the money that was paid, ${left}, is given back.`,
    )
  })

  it('that an order is cancelled promises no money that was given back before', async () => {
    const { id, total } = await confirmed(shop, [{ quantity: 1 }])
    await handle(shop, id, 'refund', { amount: total, reason: 'we are sorry' })
    await settled(shop)
    shop.clock.advance(1_000)
    await cancel(shop, id)
    await settled(shop)
    const mail = mailsAbout(id).find(({ subject }) => subject.endsWith('cancelled'))
    expect(mail?.text.replaceAll('\n', ' ')).toContain('All that was paid was given back before.')
  })

  it('that all is given back says so, whatever else was refused before', async () => {
    const { id, total } = await confirmed(shop, [{ quantity: 1 }])
    shop.payments.refusal = 'the charge is disputed'
    await handle(shop, id, 'refund', { amount: { amount: 300, currency: 'EUR' }, reason: 'a torn cover' })
    await settled(shop)
    shop.payments.refusal = null
    await cancel(shop, id)
    await settled(shop)
    expect(await read(shop, id)).toMatchObject({ status: 'refunded', payment: { refunded: total } })
    expect(lastMail(id).text).toContain('All is given back.')
  })

  it('that an unpaid order is cancelled says that nothing was charged', async () => {
    const { id } = await place(shop, [{ quantity: 1 }])
    await cancel(shop, id)
    await settled(shop)
    expect(lastMail(id).text).toContain('Nothing was charged.')
  })

  it('that an order of nothing is cancelled says nothing of money', async () => {
    const price = { amount: 0, currency: 'EUR', includesTax: true }
    const { id } = await place(shop, [{ quantity: 1, book: { format: 'ebook', price } }])
    await cancel(shop, id)
    await settled(shop)
    expect(lastMail(id).text).toMatch(/nothing will be\s+sent\. Cancelled by the\s+customer\.\n\n/)
  })

  it('that a part is sent has the parcel, what is to come, and later what came in', async () => {
    const order = await confirmed(shop, [{ quantity: 2 }, { quantity: 3, stock: 1 }])
    await handle(shop, order.id, 'ship', { carrier: 'DHL', tracking: '00340' })
    await settled(shop)
    const part = lastMail(order.id)
    expect(part.subject).toBe(`Order ${order.number}: a part is on its way`)
    expect(part.text).toContain('Sent on 2026-06-01 by DHL, tracking number 00340')
    expect(part.text).toContain('(2 to come, 1 sent)')
    await receive(shop, order.lines[1].bookId, 5)
    await shop.run('orders.allocate', { book_id: order.lines[1].bookId })
    await settled(shop)
    const news = lastMail(order.id)
    expect(news.subject).toBe(`Order ${order.number}: news`)
    expect(news.text).toMatch(/^Hello,\n\n2 copies of "[^"]+" came in for it\.\n/)
    await handle(shop, order.id, 'ship', null)
    await settled(shop)
    expect(lastMail(order.id)).toMatchObject({ subject: `Order ${order.number}: on its way` })
    expect(lastMail(order.id).text).toMatch(/Sent on 2026-06-01 by DHL.*\nSent on 2026-06-01\n/)
  })

  it('that something is given back, or came back, says how much', async () => {
    const order = await confirmed(shop, [{ quantity: 2 }])
    await handle(shop, order.id, 'refund', {
      amount: { amount: 500, currency: 'EUR' },
      reason: 'a torn cover',
    })
    await settled(shop)
    expect(lastMail(order.id).subject).toBe(`Order ${order.number}: news`)
    expect(lastMail(order.id).text).toContain('€5.00 given back')
    expect(lastMail(order.id).text).toContain('Given back on 2026-06-01: €5.00 (a torn cover)')
    await handle(shop, order.id, 'ship', {})
    await handle(shop, order.id, 'return', {
      lines: [{ position: 1, quantity: 2, restock: true }],
      refund: false,
    })
    await settled(shop)
    const back = mailsAbout(order.id).find(({ subject }) => subject === `Order ${order.number}: back with us`)
    expect(back?.text).toContain('What you sent back has arrived.')
    expect(back?.text).toContain('(2 sent, 2 sent back)')
  })

  it('can be asked for of every entry', async () => {
    const { id, number } = await confirmed(shop, [{ quantity: 1 }])
    await shop.run('orders.mail', { order_id: id, seq: 1 })
    await shop.run('orders.mail', { order_id: id, seq: 2 })
    const subjects = mailsAbout(id).map(({ subject }) => subject)
    expect(subjects.sort()).toEqual(
      ['confirmed', 'paid', 'received'].map((what) => `Order ${number}: ${what}`),
    )
  })

  it('about what is not there fails', async () => {
    const { id } = await place(shop, [{ quantity: 1 }])
    await expect(shop.run('orders.mail', { order_id: id, seq: 99 })).rejects.toThrow('no entry 99')
    const nobody = '0198c0de-0000-7000-8000-000000000001'
    await expect(shop.run('orders.mail', { order_id: nobody, seq: 1 })).rejects.toThrow('there is no order')
  })
})

describe('a mail server', () => {
  /** The task with a real mailer. */
  async function sendBy(mailer: Mailer, orderId: string, seq: number): Promise<void> {
    await mailOrder({ ...shop.orders.deps, mailer }, orderId, seq)
  }
  const options = {
    from: 'Colophon <shop@example.com>',
    logger: createLogger({ level: 'silent', readable: false }),
  }

  async function sentSeqs(orderId: string): Promise<number[]> {
    const rows = await shop.test.database.query<{ seq: number }>(sql`
      select seq from orders.mails where order_id = ${orderId} and sent_at is not null order by seq`)
    return rows.map(({ seq }) => seq)
  }

  it('that dies before it answers is given the mail again, which is the same', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    let hasDied = false
    const taken: string[] = []
    const sink = await startSmtpSink({
      answer: (command) => {
        if (command !== '.' || hasDied) return undefined
        hasDied = true
        taken.push('lost')
        return 'die'
      },
    })
    const mailer = createMailer({ ...options, smtpUrl: sink.url })
    await expect(sendBy(mailer, id, 1)).rejects.toMatchObject({ code: 'failed' })
    expect([taken, await sentSeqs(id)]).toEqual([['lost'], [3]])
    await sendBy(mailer, id, 1)
    await sendBy(mailer, id, 1)
    expect(sink.mails.map(({ headers }) => headers['message-id'])).toEqual([`<order-${id}-1@example.com>`])
    expect(await sentSeqs(id)).toEqual([1, 3])
    await mailer.close()
  })

  it('that takes connections and never says a word keeps no charge waiting, and mails wait untried', async () => {
    const sink = await startSmtpSink({ answer: () => 'hang' })
    const mailer = createMailer({ ...options, smtpUrl: sink.url })
    let tries = 0
    const counted: Mailer = {
      ...mailer,
      send(mail) {
        tries++
        return mailer.send(mail)
      },
    }
    const told = await confirmed(shop, [{ quantity: 1 }])
    const paying = await place(shop, [{ quantity: 1 }])
    const app = createCelery({ broker: 'memory:', results: 'memory:' })
    orderTasks(app, { ...shop.orders.deps, mailer: counted })
    const workers = [
      createWorker(app, { queues: [paymentsQueue], concurrency: 1 }),
      createWorker(app, { queues: [mailsQueue], concurrency: mailsAtOnce }),
    ]
    try {
      for (let nth = 0; nth < 40; nth++) {
        await app.send('orders.mail', { kwargs: { order_id: told.id, seq: 1 } })
      }
      await Promise.all(workers.map((worker) => worker.start()))
      await expect.poll(() => sink.connections).toBe(3)
      await app.send('orders.charge', { kwargs: { order_id: paying.id } })
      // Long before any mail is given up.
      await expect.poll(async () => (await read(shop, paying.id)).status, { timeout: 5_000 }).toBe('paid')
      expect([sink.connections, tries]).toEqual([3, 3])
    } finally {
      await mailer.close()
      await Promise.all(workers.map((worker) => worker.stop({ mode: 'cold' })))
      await app.close()
    }
  })

  it('that refuses the address has it told apart from what is worth trying again', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    const sink = await startSmtpSink({
      answer: (command) => (command.startsWith('RCPT') ? '550 nobody' : undefined),
    })
    const mailer = createMailer({ ...options, smtpUrl: sink.url })
    await expect(sendBy(mailer, id, 1)).rejects.toMatchObject({ code: 'refused' })
    expect(await sentSeqs(id)).toEqual([3])
    await mailer.close()
  })

  it('gets one mail of two tasks that run at the same time, or the same one twice', async () => {
    const { id } = await confirmed(shop, [{ quantity: 1 }])
    const sink = await startSmtpSink()
    const mailer = createMailer({ ...options, smtpUrl: sink.url })
    await Promise.all([sendBy(mailer, id, 1), sendBy(mailer, id, 1)])
    expect(new Set(sink.mails.map(({ headers }) => headers['message-id'])).size).toBe(1)
    expect(await sentSeqs(id)).toEqual([1, 3])
    await mailer.close()
  })
})

/** Runs all there is to do, what fails included. */
async function settle(): Promise<void> {
  await shop.settle()
}
