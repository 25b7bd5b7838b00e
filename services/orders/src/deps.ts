import type { AccountsClient } from '@colophon/accounts'
import type { CatalogClient } from '@colophon/catalog'
import type { DeadLetters } from '@colophon/celery'
import type { Database, Outbox } from '@colophon/postgres'
import type { Logger } from '@colophon/runtime'
import type { Mailer } from './mail/port.ts'
import type { PaymentProvider } from './payments/port.ts'

/** What the operations on stock, orders and payments work with. */
export interface OrdersDeps {
  database: Database
  logger: Logger
  /** ISO 4217 code of the currency the shop sells in. */
  currency: string
  /** Whether shipping rates, and prices that do not say so themselves, have their tax in them. */
  pricesIncludeTax: boolean
  /** How long copies are held for an order that is not paid, in milliseconds. */
  holdMs: number
  /** 32 bytes, the same in every process: with which tokens of guests' orders are made. */
  orderTokenKey: Buffer
  accounts: Pick<AccountsClient, 'emailOf'>
  catalog: CatalogClient
  payments: PaymentProvider
  /** What the payment provider signs its webhooks with. */
  webhookSecret: string
  mailer: Mailer
  /** Who sells, as invoices say: name, address, tax number. */
  seller: string
  /** Who gets the mail of the nightly reports. */
  reportsTo: string
  outbox: Outbox
  /** The tasks that no worker will run any more. */
  deadLetters: DeadLetters
  now: () => Date
  newId: () => string
}
