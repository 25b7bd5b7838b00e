import { literals } from '@colophon/catalog'
import { day, nullable, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { Address, OrderMoney } from '../schemas.ts'

export const InvoiceKind = literals(['invoice', 'credit_note'], {
  description: 'A credit note takes back what an invoice says, or part of it',
})
export type InvoiceKind = Static<typeof InvoiceKind>

const number = Type.Integer({ minimum: 1, description: 'Of its kind, from 1 without gaps' })

const taxed = {
  taxRate: Type.Number({ minimum: 0, maximum: 100, description: 'In per cent' }),
  net: OrderMoney,
  tax: OrderMoney,
  gross: OrderMoney,
}

const InvoiceLine = Type.Object(
  {
    position: nullable(
      Type.Integer({ minimum: 1, description: "Of the order's line; null for other lines" }),
    ),
    description: Type.String(),
    isbn13: nullable(Type.String()),
    quantity: nullable(Type.Integer({ minimum: 1 })),
    ...taxed,
  },
  { title: 'InvoiceLine', additionalProperties: false },
)

/** An invoice or a credit note, whole, as it was issued. */
export const Invoice = Type.Object(
  {
    kind: InvoiceKind,
    number,
    date: day(),
    orderId: uuid(),
    orderNumber: Type.Integer({ minimum: 1 }),
    invoiceNumber: nullable(Type.Integer({ description: 'Of the invoice that a credit note is about' })),
    reason: nullable(Type.String({ description: 'Of a credit note' })),
    seller: Type.String(),
    buyer: Type.Object({ email: Type.String(), billingAddress: Address, shippingAddress: Address }),
    currency: Type.String({ description: 'ISO 4217' }),
    lines: Type.Array(InvoiceLine),
    totals: Type.Array(Type.Object(taxed, { title: 'TaxTotal' }), { description: 'One for each tax rate' }),
    net: OrderMoney,
    tax: OrderMoney,
    gross: OrderMoney,
  },
  { title: 'Invoice', additionalProperties: false },
)
export type Invoice = Static<typeof Invoice>

/** A document that has no number yet. */
export type Draft = Omit<Invoice, 'number'>

/** An invoice or a credit note in a list. */
export const InvoiceSummary = Type.Object(
  {
    kind: InvoiceKind,
    number,
    date: day(),
    gross: OrderMoney,
    href: Type.String({ description: 'Where it is; with .html behind it, as a page to be printed' }),
  },
  { title: 'InvoiceSummary', additionalProperties: false },
)
export type InvoiceSummary = Static<typeof InvoiceSummary>
