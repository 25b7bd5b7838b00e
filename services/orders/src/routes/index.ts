import type { App } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { adjustInventoryRoute } from './adjust-inventory.ts'
import { cancelOrderRoute } from './cancel-order.ts'
import { downloadReportRoute } from './download-report.ts'
import { dropDeadLetterRoute } from './drop-dead-letter.ts'
import { dropParkedMessageRoute } from './drop-parked-message.ts'
import { endRefusalRoute } from './end-refusal.ts'
import { getDeadLetterRoute } from './get-dead-letter.ts'
import { getInventoryRoute } from './get-inventory.ts'
import { getInvoiceRoute } from './get-invoice.ts'
import { getOrderRoute } from './get-order.ts'
import { getReportRoute } from './get-report.ts'
import { getShippingRatesRoute } from './get-shipping-rates.ts'
import { getTaxRatesRoute } from './get-tax-rates.ts'
import { listDeadLettersRoute } from './list-dead-letters.ts'
import { listInventoryRoute } from './list-inventory.ts'
import { listInvoicesRoute } from './list-invoices.ts'
import { listLedgerRoute } from './list-ledger.ts'
import { listOrdersRoute } from './list-orders.ts'
import { listParkedMessagesRoute } from './list-parked-messages.ts'
import { listReportsRoute } from './list-reports.ts'
import { orderEventsRoute } from './order-events.ts'
import { patchInventoryRoute } from './patch-inventory.ts'
import { paymentWebhookRoute } from './payment-webhook.ts'
import { placeOrderRoute } from './place-order.ts'
import { receiveGoodsRoute } from './receive-goods.ts'
import { refundOrderRoute } from './refund-order.ts'
import { replaceShippingRatesRoute } from './replace-shipping-rates.ts'
import { replaceTaxRatesRoute } from './replace-tax-rates.ts'
import { replayDeadLetterRoute } from './replay-dead-letter.ts'
import { replayDeadLettersRoute } from './replay-dead-letters.ts'
import { replayParkedMessageRoute } from './replay-parked-message.ts'
import { replayParkedMessagesRoute } from './replay-parked-messages.ts'
import { returnLinesRoute } from './return-lines.ts'
import { shipOrderRoute } from './ship-order.ts'

const routes = [
  listInventoryRoute,
  getInventoryRoute,
  patchInventoryRoute,
  adjustInventoryRoute,
  listLedgerRoute,
  receiveGoodsRoute,

  placeOrderRoute,
  listOrdersRoute,
  getOrderRoute,
  orderEventsRoute,
  cancelOrderRoute,
  shipOrderRoute,
  returnLinesRoute,
  refundOrderRoute,
  endRefusalRoute,
  listInvoicesRoute,
  getInvoiceRoute,
  paymentWebhookRoute,

  getShippingRatesRoute,
  replaceShippingRatesRoute,
  getTaxRatesRoute,
  replaceTaxRatesRoute,

  listReportsRoute,
  getReportRoute,
  downloadReportRoute,

  listDeadLettersRoute,
  getDeadLetterRoute,
  replayDeadLetterRoute,
  replayDeadLettersRoute,
  dropDeadLetterRoute,
  listParkedMessagesRoute,
  replayParkedMessageRoute,
  replayParkedMessagesRoute,
  dropParkedMessageRoute,
]

/** Adds the routes of stock, orders and payments. */
export function ordersRoutes(app: App, deps: OrdersDeps): void {
  for (const route of routes) route(app, deps)
}
