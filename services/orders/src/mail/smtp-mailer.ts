import type { Logger } from '@colophon/runtime'
import { createTransport, type NodemailerError, type SMTPPoolOptions } from 'nodemailer'
import { createCallGuard, NotCalled } from '../call-guard.ts'
import { oneAddress, type Sender, senderOf } from './addresses.ts'
import { maskedAddress } from './log-mailer.ts'
import { type Mail, MailError, type Mailer } from './port.ts'

/** Milliseconds. */
export interface SmtpDeadlines {
  /** For the connection, from the name of the host to the end of the TLS handshake. */
  connectMs: number
  /** How long the server may say nothing. */
  silenceMs: number
  /** For all of it, the wait for a connection of the pool included. */
  sendMs: number
}

const usualDeadlines: SmtpDeadlines = { connectMs: 10_000, silenceMs: 20_000, sendMs: 45_000 }

const maxConnections = 3
/**
 * Mails that wait for a connection. More fail at once, to be tried again later: each takes a place of the worker's, in
 * which money could be taken meanwhile.
 */
const maxWaiting = 1

export interface SmtpMailerOptions {
  smtpUrl: string
  from: string
  logger: Logger
  deadlines?: Partial<SmtpDeadlines>
}

/**
 * Sends mails by SMTP over a few connections that are kept for a while; none for half a minute after five in a row that
 * got no answer.
 *
 * What makes trying again useless (`refused`) is a permanent refusal (5xx) of the address or of the text. Everything
 * else has `failed`: also a refused login or sender, which are ours to put right.
 */
export function createSmtpMailer({ smtpUrl, from, logger, deadlines }: SmtpMailerOptions): Mailer {
  const sender = senderOf(from)
  const limits = { ...usualDeadlines, ...deadlines }
  const transport = transportTo(smtpUrl, limits)
  const guard = createCallGuard({
    callee: 'the mail server',
    concurrency: maxConnections,
    queue: maxWaiting,
    breaker: { failures: 5, pauseMs: 30_000 },
    isOutage: (error) => !isAnswer(error),
    log: logger,
  })

  async function send(mail: Mail): Promise<void> {
    const about = { mail: mail.id, to: maskedAddress(mail.to), subject: mail.subject }
    try {
      if (!oneAddress.test(mail.to)) throw new MailError('refused', 'that is no address of a mailbox')
      const message = messageOf(mail, sender)
      const deadline = AbortSignal.timeout(limits.sendMs)
      await guard.call((signal) => transport.sendMail({ ...message, signal }), deadline)
      logger.info(about, 'a mail was sent')
    } catch (error) {
      const failure = mailError(error)
      if (failure.code === 'refused') logger.warn({ ...about, err: failure }, 'a mail was refused for good')
      throw failure
    }
  }

  return {
    send,
    async close() {
      guard.close()
      transport.close({ force: true })
    },
  }
}

function transportTo(smtpUrl: string, { connectMs, silenceMs }: SmtpDeadlines) {
  return createTransport({
    pool: true,
    ...smtpServer(smtpUrl),
    maxConnections,
    // For a kept connection that the server has closed meanwhile; other failures are for the task to try again.
    maxRequeues: 1,
    dnsTimeout: connectMs,
    connectionTimeout: connectMs,
    greetingTimeout: connectMs,
    socketTimeout: silenceMs,
    socketCloseTimeout: 1_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  } satisfies SMTPPoolOptions & { pool: true })
}

function messageOf({ id, to, subject, text, attachments = [] }: Mail, from: Sender) {
  return {
    from,
    to: { name: '', address: to },
    subject,
    text,
    messageId: `<${id}@${from.address.split('@')[1]}>`,
    // Answering machines leave it alone (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    attachments: attachments.map((file) => ({ ...file })),
  }
}

/**
 * Where and how mails are handed over. STARTTLS is used wherever it is offered, and before a password it is demanded:
 * whoever stands in between could take it out of the offer. On this machine nobody does, and there certificates are
 * nobody's.
 */
export function smtpServer(smtpUrl: string) {
  const { protocol, hostname, port, username, password } = new URL(smtpUrl)
  const secure = protocol === 'smtps:'
  const host = decoded(hostname).replace(/^\[(.*)\]$/, '$1')
  const isLocal = /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host)
  const auth = username === '' ? undefined : { user: decoded(username), pass: decoded(password) }
  return {
    host,
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: !secure && auth !== undefined && !isLocal,
    tls: { rejectUnauthorized: !isLocal },
    ...(auth && { auth }),
  }
}

/** A part of a URL, in which people forget to encode a per cent sign. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Whether the server has said what is wrong, and not that it is going away (RFC 5321: 421). */
function isAnswer(error: unknown): boolean {
  const { responseCode }: Partial<NodemailerError> = error instanceof Error ? error : {}
  return responseCode !== undefined && responseCode !== 421
}

function mailError(error: unknown): MailError {
  if (error instanceof MailError) return error
  if (error instanceof NotCalled) return new MailError('failed', `the mail server: ${error.message}`)
  const { command, permanent, message }: Partial<NodemailerError> = error instanceof Error ? error : {}
  const isRefused = permanent === true && (command === 'RCPT TO' || command === 'DATA')
  return new MailError(isRefused ? 'refused' : 'failed', message ?? String(error), { cause: error })
}
