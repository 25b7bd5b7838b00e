import { createLogger } from '@colophon/runtime'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMailer, type MailerOptions } from '../src/mail/mailer.ts'
import type { Mail } from '../src/mail/port.ts'
import { smtpServer } from '../src/mail/smtp-mailer.ts'
import { startSmtpSink } from './support/smtp-sink.ts'

const from = 'Colophon <shop@example.com>'

const mail: Mail = {
  id: 'order-1-2',
  to: 'reader@example.org',
  subject: 'Order 1: confirmed',
  text: 'Hello,\n',
}

/** A mailer that ends with the test, and what it logs. */
function mailerTo(
  smtpUrl: string | undefined,
  more: Partial<MailerOptions> & { level?: 'info' | 'debug' } = {},
) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const logger = createLogger({ level: more.level ?? 'info', readable: false, destination })
  const mailer = createMailer({ smtpUrl, from, logger, ...more })
  onTestFinished(() => mailer.close())
  return { mailer, logged: () => lines.join('') }
}

describe('a mail by SMTP', () => {
  test('reaches the server whole, under its own Message-ID', async () => {
    const sink = await startSmtpSink()
    const { mailer, logged } = mailerTo(sink.url)
    const text = `Hello,\n\nZoë paid €12.99.\n.\n.. and dots\n${'long '.repeat(60)}\n`
    await mailer.send({ ...mail, text })
    expect(sink.mails).toMatchObject([
      {
        from: 'shop@example.com',
        to: ['reader@example.org'],
        text,
        headers: {
          from,
          to: 'reader@example.org',
          subject: mail.subject,
          'message-id': '<order-1-2@example.com>',
          'auto-submitted': 'auto-generated',
          'content-type': expect.stringContaining('text/plain; charset=utf-8'),
        },
      },
    ])
    expect(JSON.parse(logged())).toMatchObject({
      msg: 'a mail was sent',
      mail: 'order-1-2',
      to: 'r***@example.org',
      subject: mail.subject,
    })
  })

  test('may have files', async () => {
    const sink = await startSmtpSink()
    const { mailer } = mailerTo(sink.url)
    const attachments = [{ filename: 'sales.csv', contentType: 'text/csv', content: 'a,b\r\n1,2\r\n' }]
    await mailer.send({ ...mail, attachments })
    expect(sink.mails[0]?.raw).toContain('Content-Type: text/csv; name=sales.csv')
    expect(sink.mails[0]?.raw).toContain('filename=sales.csv')
  })

  test.each([
    ['a subject', { subject: 'Hi\r\nBcc: eve@example.net\r\n\r\nforged' }],
    ['an id', { id: 'a>\r\nBcc: eve@example.net' }],
  ])('has no header more, whatever %s holds', async (_, given) => {
    const sink = await startSmtpSink()
    const { mailer } = mailerTo(sink.url)
    await mailer.send({ ...mail, ...given })
    expect(sink.mails).toMatchObject([{ to: ['reader@example.org'], text: mail.text }])
    expect(sink.mails[0]?.headers).not.toHaveProperty('bcc')
  })

  test.each([
    'a@example.org\r\nRCPT TO:<eve@example.net>',
    'a@example.org> <eve@example.net',
    'a@example.org,eve@example.net',
    '',
  ])('is refused for good when its address is %j, and nobody else gets it', async (to) => {
    const sink = await startSmtpSink()
    const { mailer } = mailerTo(sink.url)
    await expect(mailer.send({ ...mail, to })).rejects.toMatchObject({ name: 'MailError', code: 'refused' })
    expect(sink.mails).toEqual([])
  })

  test('goes over few connections, which are kept', async () => {
    const sink = await startSmtpSink()
    const { mailer } = mailerTo(sink.url)
    for (let round = 0; round < 10; round++) {
      await Promise.all([1, 2, 3].map((nth) => mailer.send({ ...mail, id: `m-${round}-${nth}` })))
    }
    expect(sink.mails).toHaveLength(30)
    expect(sink.connections).toBeLessThanOrEqual(3)
  })

  test('waits for a connection when all are taken', async () => {
    const sink = await startSmtpSink()
    const { mailer } = mailerTo(sink.url)
    await Promise.all(Array.from({ length: 20 }, (_, nth) => mailer.send({ ...mail, id: `m-${nth}` })))
    expect([sink.mails.length, sink.connections]).toEqual([20, 3])
  })
})

describe('a server that refuses', () => {
  test.each([
    ['the address for good', 'RCPT TO', '550 5.1.1 no such user', 'refused'],
    ['the address for now', 'RCPT TO', '450 4.2.2 mailbox full', 'failed'],
    ['the text for good', '.', '554 5.7.1 looks like spam', 'refused'],
    ['the text for now', '.', '451 4.3.0 try again', 'failed'],
    ['the sender, which is ours to put right', 'MAIL FROM', '550 5.7.1 not allowed', 'failed'],
    ['the login, which is ours to put right', 'AUTH', '535 5.7.8 wrong password', 'failed'],
    ['everybody', '', '554 go away', 'failed'],
  ])('%s', async (_, command, answer, code) => {
    const sink = await startSmtpSink({
      answer: (given) =>
        given === command || (command !== '' && given.startsWith(command)) ? answer : undefined,
    })
    const { mailer, logged } = mailerTo(sink.url.replace('://', '://user:hunter2@'))
    await expect(mailer.send(mail)).rejects.toMatchObject({
      name: 'MailError',
      code,
      message: expect.stringContaining(answer),
    })
    expect(logged().includes('a mail was refused for good')).toBe(code === 'refused')
    expect(logged()).not.toContain('hunter2')
  })

  test.each([
    ['550 5.1.1 <reader@example.org>: no', '550 5.1.1 <r***@example.org>: no'],
    ['450 4.2.2 READER@Example.org is full', '450 4.2.2 R***@Example.org is full'],
    ['550 reader@inside.example, alias', '550 r***@inside.example, alias'],
  ])('repeats the address as it likes (%s), and the log does not', async (answer, shown) => {
    const sink = await startSmtpSink({
      answer: (given) => (given.startsWith('RCPT TO') ? answer : undefined),
    })
    const { mailer, logged } = mailerTo(sink.url)
    await expect(mailer.send(mail)).rejects.toThrow(shown)
    expect(logged()).toContain(shown)
    expect(logged().toLowerCase()).not.toContain('reader@')
  })

  test('one mail takes the next', async () => {
    const sink = await startSmtpSink({
      answer: (given) => (given.includes('nobody@') ? '550 no such user' : undefined),
    })
    const { mailer } = mailerTo(sink.url)
    await expect(mailer.send({ ...mail, to: 'nobody@example.org' })).rejects.toThrow('550')
    await mailer.send(mail)
    expect(sink.mails).toHaveLength(1)
  })
})

describe('a server that is slow or dies', () => {
  const deadlines = { connectMs: 200, silenceMs: 200, sendMs: 1_000 }

  test.each(['', 'EHLO', 'MAIL FROM', 'DATA', '.'])('falls silent at %j', async (command) => {
    const sink = await startSmtpSink({
      answer: (given) =>
        given === command || (command !== '' && given.startsWith(command)) ? 'hang' : undefined,
    })
    const { mailer } = mailerTo(sink.url, { deadlines })
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'failed' })
    expect(sink.mails).toEqual([])
  })

  test.each(['', 'MAIL FROM', 'DATA', '.'])('dies at %j', async (command) => {
    const sink = await startSmtpSink({
      answer: (given) =>
        given === command || (command !== '' && given.startsWith(command)) ? 'die' : undefined,
    })
    const { mailer } = mailerTo(sink.url, { deadlines })
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'failed' })
  })

  test('says a little now and then, and never enough', async () => {
    const sink = await startSmtpSink({
      answer: (given) => (given.startsWith('EHLO') ? '250-and' : undefined),
    })
    const { mailer } = mailerTo(sink.url, { deadlines: { ...deadlines, silenceMs: 60_000, sendMs: 300 } })
    await expect(mailer.send(mail)).rejects.toMatchObject({
      code: 'failed',
      message: 'it was not sent within 300 ms',
    })
  })

  test('has closed a connection that was kept: the mail goes over another', async () => {
    let isFirst = true
    const sink = await startSmtpSink({
      answer: (given) => {
        if (given !== 'RSET' && !given.startsWith('MAIL FROM')) return undefined
        const reply = isFirst || sink.connections > 1 ? undefined : 'die'
        isFirst = false
        return reply
      },
    })
    const { mailer } = mailerTo(sink.url)
    await mailer.send(mail)
    await mailer.send({ ...mail, id: 'second' })
    expect([sink.mails.length, sink.connections]).toEqual([2, 2])
  })

  test('is told of once, until it is there again, and gets each mail that comes', async () => {
    let isAway = true
    const sink = await startSmtpSink({ answer: () => (isAway ? 'die' : undefined) })
    const { mailer, logged } = mailerTo(sink.url, { deadlines })
    const failing = async () => {
      for (let nth = 0; nth < 7; nth++) await expect(mailer.send(mail)).rejects.toThrow(/closed/)
    }
    await failing()
    expect(JSON.parse(logged())).toMatchObject({
      level: 'warn',
      msg: 'a mail could not be sent now',
      reason: expect.stringContaining('closed'),
    })
    isAway = false
    await mailer.send(mail)
    isAway = true
    await failing()
    expect(logged().match(/"msg":"[^"]+"/g)).toEqual([
      '"msg":"a mail could not be sent now"',
      '"msg":"a mail was sent"',
      '"msg":"a mail could not be sent now"',
    ])
  })

  test('is not there', async () => {
    const sink = await startSmtpSink()
    await sink.stop()
    const { mailer } = mailerTo(sink.url)
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'failed' })
  })

  test('keeps nobody from stopping', async () => {
    const sink = await startSmtpSink({ answer: (given) => (given === '.' ? 'hang' : undefined) })
    const { mailer, logged } = mailerTo(sink.url)
    const sending = expect(mailer.send(mail)).rejects.toMatchObject({ code: 'failed' })
    while (!sink.commands.includes('DATA')) await new Promise(setImmediate)
    await mailer.close()
    await sending
    await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'failed' })
    expect(logged()).toBe('')
  })
})

describe('a password', () => {
  test('goes over TLS where the server offers it', async () => {
    const sink = await startSmtpSink({ extensions: ['STARTTLS'] })
    const { mailer } = mailerTo(sink.url.replace('://', '://user:p%40ss@'))
    await mailer.send(mail)
    expect(sink.mails).toMatchObject([{ isEncrypted: true }])
    const login = sink.commands.find((command) => command.includes('AUTH PLAIN')) ?? ''
    expect(login).toMatch(/^TLS AUTH PLAIN /)
    expect(Buffer.from(login.slice(15), 'base64').toString()).toBe('\0user\0p@ss')
  })

  test('goes in the clear on this machine only', async () => {
    const sink = await startSmtpSink()
    await mailerTo(sink.url.replace('://', '://user:secret@')).mailer.send(mail)
    expect(sink.mails).toMatchObject([{ isEncrypted: false }])
    expect(smtpServer('smtp://user:secret@mail.example.com')).toMatchObject({ requireTLS: true })
  })

  test.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, secure: false, requireTLS: false }],
    [
      'smtps://u:p@mail.example.com',
      { port: 465, secure: true, requireTLS: false, auth: { user: 'u', pass: 'p' } },
    ],
    ['smtp://u:100%@10.0.0.1:25', { port: 25, requireTLS: true, auth: { user: 'u', pass: '100%' } }],
    ['smtp://[::1]:1025', { host: '::1', port: 1025, tls: { rejectUnauthorized: false } }],
    ['smtp://u:p@localhost', { requireTLS: false, tls: { rejectUnauthorized: false } }],
    ['smtp://u:p@localhost.example.com', { requireTLS: true, tls: { rejectUnauthorized: true } }],
    ['smtp://u:p@127.0.0.1.example.com', { requireTLS: true, tls: { rejectUnauthorized: true } }],
  ])('by %s', (url, expected) => {
    expect(smtpServer(url)).toMatchObject(expected)
  })
})

describe('without a server', () => {
  const secret: Mail = { ...mail, text: 'Order-Token: abc123\n', secrets: ['abc123'] }

  test('mails are in the log, without their text', async () => {
    const { mailer, logged } = mailerTo(undefined)
    await mailer.send(secret)
    expect(JSON.parse(logged())).toMatchObject({
      level: 'info',
      mail: 'order-1-2',
      to: 'r***@example.org',
      subject: mail.subject,
    })
    expect(logged()).not.toMatch(/Order-Token|reader@/)
  })

  test('and with it for those who debug, but never its secrets', async () => {
    const { mailer, logged } = mailerTo(undefined, { level: 'debug' })
    await mailer.send({ ...secret, to: '@example.org' })
    expect(logged()).toContain('Order-Token: [secret]')
    expect(logged()).toContain('***@example.org')
    expect(logged()).not.toContain('abc123')
  })
})

test.each([
  ['shop@example.com', 'shop@example.com'],
  ['"Books, Inc" <shop@example.com>', '"Books, Inc" <shop@example.com>'],
  ['Books, Inc <shop@example.com>', '"Books, Inc" <shop@example.com>'],
])('a MAIL_FROM of %j is sent as %j', async (sender, sent) => {
  const sink = await startSmtpSink()
  await mailerTo(sink.url, { from: sender }).mailer.send(mail)
  expect(sink.mails).toMatchObject([{ from: 'shop@example.com', headers: { from: sent } }])
})
