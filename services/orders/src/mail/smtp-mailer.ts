import type { Logger } from '@colophon/runtime'
import { createTransport, type NodemailerError, type SMTPPoolOptions } from 'nodemailer'
import { addresses, oneAddress, type Sender, senderOf } from './addresses.ts'
import { maskedAddress } from './log-mailer.ts'
import { type Mail, MailError, type Mailer, mailsAtOnce } from './port.ts'

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

export interface SmtpMailerOptions {
  smtpUrl: string
  from: string
  logger: Logger
  deadlines?: Partial<SmtpDeadlines>
}

/**
 * Sends mails by SMTP over a few connections that are kept for a while. That they cannot be sent is logged once, with
 * the reason, until one is sent again.
 *
 * What makes trying again useless (`refused`) is a permanent refusal (5xx) of the address or of the text. Everything
 * else has `failed`: also a refused login or sender, which are ours to put right.
 */
export function createSmtpMailer({ smtpUrl, from, logger, deadlines }: SmtpMailerOptions): Mailer {
  const sender = senderOf(from)
  const limits = { ...usualDeadlines, ...deadlines }
  const transport = transportTo(smtpUrl, limits)
  let isFailing = false

  async function send(mail: Mail): Promise<void> {
    const about = { mail: mail.id, to: maskedAddress(mail.to), subject: mail.subject }
    const signal = AbortSignal.timeout(limits.sendMs)
    try {
      if (!oneAddress.test(mail.to)) throw new MailError('refused', 'that is no address of a mailbox')
      await transport.sendMail({ ...messageOf(mail, sender), signal })
      isFailing = false
      logger.info(about, 'a mail was sent')
    } catch (error) {
      const late = `it was not sent within ${limits.sendMs} ms`
      const failure = signal.aborted ? new MailError('failed', late, { cause: error }) : mailError(error)
      if (failure.code === 'refused') logger.warn({ ...about, err: failure }, 'a mail was refused for good')
      else if (!isFailing) logger.warn({ ...about, reason: failure.message }, 'a mail could not be sent now')
      isFailing ||= failure.code === 'failed'
      throw failure
    }
  }

  return {
    send,
    async close() {
      // What is given up as the process stops tells nothing of the server.
      isFailing = true
      transport.close({ force: true })
    },
  }
}

function transportTo(smtpUrl: string, { connectMs, silenceMs }: SmtpDeadlines) {
  return createTransport({
    pool: true,
    ...smtpServer(smtpUrl),
    maxConnections: mailsAtOnce,
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

/**
 * Servers repeat the address that they refuse, in a form of their own, which no log may have; so the error is not kept as
 * a cause either.
 */
function mailError(error: unknown): MailError {
  if (error instanceof MailError) return error
  const {
    command,
    permanent,
    message = String(error),
  }: Partial<NodemailerError> = error instanceof Error ? error : {}
  const isRefused = permanent === true && (command === 'RCPT TO' || command === 'DATA')
  return new MailError(isRefused ? 'refused' : 'failed', message.replace(addresses, maskedAddress))
}
