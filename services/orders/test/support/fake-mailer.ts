import type { Mail, Mailer } from '../../src/mail/port.ts'

/** Keeps what it is given to send. */
export function createFakeMailer(): Mailer & { readonly sent: Mail[] } {
  const sent: Mail[] = []
  return {
    sent,
    send: async (mail) => void sent.push(mail),
    close: async () => {},
  }
}
