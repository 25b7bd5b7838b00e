import { integer, oneOf, type Setting, text, url } from '@colophon/runtime'
import { oneAddress, senderOf } from './mail/addresses.ts'

/** The settings of stock, orders and payments. */
export const ordersSettings = {
  pricesIncludeTax: oneOf('PRICES_INCLUDE_TAX', ['on', 'off'], {
    default: 'on',
    help: 'Whether shipping rates, and prices that do not say so themselves, have their tax in them.',
  }),
  holdMinutes: integer('HOLD_MINUTES', {
    default: 15,
    min: 1,
    max: 1_440,
    help: 'How long copies are held for an order that is not paid, in minutes.',
  }),
  paymentsUrl: bare(
    url('PAYMENTS_URL', ['http://', 'https://'], {
      default: undefined,
      shown: 'a sandbox in this process',
      secret: true,
      help: 'Where the payment provider is: `colophon serve payments-sandbox`, or one that speaks as it does.',
    }),
  ),
  paymentsKey: text('PAYMENTS_KEY', {
    default: undefined,
    shown: 'none',
    secret: true,
    pattern: /^[A-Za-z0-9._~+/-]+=*$/,
    must: 'a key that a bearer header can carry: letters, digits, - . _ ~ + / and = at its end',
    help: 'The key that the payment provider knows the shop by.',
  }),
  paymentsWebhookSecret: text('PAYMENTS_WEBHOOK_SECRET', {
    default: undefined,
    shown: 'made from SECRET_KEY',
    secret: true,
    help: 'What the payment provider signs its webhooks with.',
  }),
  smtpUrl: url('SMTP_URL', ['smtp://', 'smtps://'], {
    default: undefined,
    shown: 'mails go to the log',
    secret: true,
    help: 'The server that sends mails, as smtp://user:password@host:587.',
  }),
  mailFrom: {
    ...text('MAIL_FROM', {
      default: 'Colophon <shop@localhost>',
      help: 'Whom mails to customers come from.',
    }),
    parse: sender,
  },
  seller: text('SELLER', {
    default: 'Colophon',
    help: 'Who sells, as invoices say: name, address and tax number of the shop, in one line.',
  }),
  reportsTo: text('REPORTS_TO', {
    default: undefined,
    shown: 'ADMIN_EMAIL',
    pattern: oneAddress,
    must: 'one e-mail address',
    help: 'Who gets the mail at the end of the nightly reports.',
  }),
}

/** One that mails can come from. */
function sender(given: string): string {
  senderOf(given)
  return given
}

/** A URL that paths can be put behind. */
function bare(setting: Setting<string | undefined>): Setting<string | undefined> {
  return {
    ...setting,
    parse(given) {
      const parsed = URL.parse(setting.parse(given) ?? '')
      if (parsed === null || parsed.username !== '' || parsed.password !== '' || /[?#]/.test(given)) {
        throw new Error('a URL without user, password, query and fragment: PAYMENTS_KEY is for the key')
      }
      return given
    },
  }
}
