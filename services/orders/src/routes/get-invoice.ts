import { type App, addVary, prefersPage } from '@colophon/http'
import Type from 'typebox'
import type { OrdersDeps } from '../deps.ts'
import { pageOf, pagePolicy } from '../invoices/page.ts'
import { readInvoice } from '../invoices/read-invoices.ts'
import { Invoice, InvoiceKind } from '../invoices/schema.ts'
import { ordersProblem } from '../problems.ts'
import { idPath } from './shared/id-path.ts'
import { orderHeaders, visibleOrder } from './shared/order-access.ts'

const invoicePath = Type.Object({
  ...idPath.properties,
  kind: InvoiceKind,
  number: Type.String({
    pattern: '^[1-9][0-9]{0,14}([.]html)?$',
    description: 'Its number; with .html behind it, a page to be printed',
    examples: ['17', '17.html'],
  }),
})

export function getInvoiceRoute(app: App, deps: OrdersDeps): void {
  app.get(
    '/api/orders/:id/invoices/:kind/:number',
    {
      config: { access: 'public', problems: ['order_not_found', 'invoice_not_found'] },
      schema: {
        tags: ['Orders'],
        operationId: 'getInvoice',
        summary: 'An invoice or a credit note, for the owner of its order and staff',
        description:
          'As JSON, or as a page to be printed for whoever would rather have text/html or writes .html.',
        params: invoicePath,
        headers: orderHeaders,
        response: {
          200: {
            description: 'As it was issued',
            content: {
              'application/json': { schema: Invoice },
              'text/html': { schema: Type.String({ description: 'A page to be printed' }) },
            },
          },
        },
      },
    },
    async (request, reply) => {
      const { kind, number } = request.params
      const { order } = await visibleOrder(deps, request, request.params.id)
      const invoice = await readInvoice(deps.database, order.id, kind, Number.parseInt(number, 10))
      if (invoice === undefined) {
        throw ordersProblem('invoice_not_found', `order ${order.number} has no ${kind} ${number}`)
      }
      addVary(reply, 'accept')
      reply.header('cache-control', 'private, no-store')
      if (!number.endsWith('.html') && !prefersPage(request.headers.accept ?? '')) return invoice
      reply.type('text/html; charset=utf-8').header('content-security-policy', pagePolicy)
      return pageOf(invoice)
    },
  )
}
