import { type App, page, pageQuery } from '@colophon/http'
import type { OrdersDeps } from '../deps.ts'
import { listInvoices } from '../invoices/read-invoices.ts'
import { InvoiceSummary } from '../invoices/schema.ts'
import { idPath } from './shared/id-path.ts'
import { orderHeaders, visibleOrder } from './shared/order-access.ts'

export function listInvoicesRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/orders/:id/invoices',
    {
      config: { access: 'public', problems: ['order_not_found', 'invalid_cursor'] },
      schema: {
        tags: ['Orders'],
        operationId: 'listInvoices',
        summary: "An order's invoice and credit notes, for its owner and staff",
        description:
          'There is an invoice once the order is paid, and a credit note for money that was given back.',
        params: idPath,
        headers: orderHeaders,
        querystring: pageQuery,
        response: { 200: page(InvoiceSummary) },
      },
    },
    async (request, reply) => {
      const { order } = await visibleOrder(deps, request, request.params.id)
      reply.header('cache-control', 'private, no-store')
      return listInvoices(deps.database, order.id, request.query)
    },
  )
}
