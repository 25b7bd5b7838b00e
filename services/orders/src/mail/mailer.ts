import type { Logger } from '@colophon/runtime'
import { createLogMailer } from './log-mailer.ts'
import type { Mailer } from './port.ts'
import { createSmtpMailer, type SmtpDeadlines } from './smtp-mailer.ts'

export interface MailerOptions {
  /** As smtp://user:password@host:587 or smtps://...; without one, mails go to the log. */
  smtpUrl?: string | undefined
  /** Whom mails come from, as `Colophon <shop@example.com>`. */
  from: string
  logger: Logger
  deadlines?: Partial<SmtpDeadlines>
}

/** @throws Error for a `smtpUrl` or a `from` that cannot be read */
export function createMailer({ smtpUrl, logger, ...options }: MailerOptions): Mailer {
  return smtpUrl === undefined ? createLogMailer(logger) : createSmtpMailer({ ...options, smtpUrl, logger })
}
