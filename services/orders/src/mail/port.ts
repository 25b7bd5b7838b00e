/** A mail as plain text. */
export interface Mail {
  /**
   * The same for a mail that is sent again, so that mail programs show it once: the first part of its Message-ID
   * (RFC 5322), of letters, digits, dots and dashes.
   */
  id: string
  /** One address. */
  to: string
  subject: string
  text: string
  attachments?: readonly { filename: string; contentType: string; content: string }[]
  /** Parts of the text that no log may show, such as a token. */
  secrets?: readonly string[]
}

/** Mails that a process sends at once: so many connections to the server it keeps, and so many places a worker has for them. */
export const mailsAtOnce = 3

/** Sends mails: by SMTP, or into the log where there is no server. */
export interface Mailer {
  /**
   * Resolves when the server has taken the mail. Sent again it goes out again, under the same Message-ID.
   * @throws MailError when the server has not, within a deadline
   */
  send(mail: Mail): Promise<void>
  /** Gives up what is being sent. */
  close(): Promise<void>
}

/** Why a mail was not sent. */
export class MailError extends Error {
  override readonly name = 'MailError'
  /**
   * - `refused`: the server does not take this mail, or not for this address, whenever it is sent: trying again is of
   *   no use.
   * - `failed`: not this time: no connection, no answer in time, a login that is wrong, a mailbox that is full.
   */
  readonly code: 'refused' | 'failed'

  constructor(code: MailError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
