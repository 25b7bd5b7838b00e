import type { Logger } from '@colophon/runtime'
import type { Mailer } from './port.ts'

/** Writes mails into the log: what is sent to whom as information, the text for those who debug. */
export function createLogMailer(logger: Logger): Mailer {
  return {
    async send({ id, to, subject, text, attachments = [], secrets = [] }) {
      const files = attachments.map(({ filename }) => filename)
      logger.info({ mail: id, to: maskedAddress(to), subject, files }, 'a mail, as there is no SMTP_URL')
      if (!logger.isLevelEnabled('debug')) return
      const shown = secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text)
      logger.debug({ mail: id, text: shown }, 'the text of a mail')
    },
    close: async () => {},
  }
}

/** An address as logs may have it: `r***@example.com`. */
export function maskedAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${address.slice(0, Math.min(1, at))}***${address.slice(at)}`
}
