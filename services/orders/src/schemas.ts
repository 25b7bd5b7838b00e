import { Format, literals, Money } from '@colophon/catalog'
import { line, nullable, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'
import { type OrderStatus, statuses } from './process/states.ts'
import { countries } from './rules/countries.ts'
import { stockPolicies } from './rules/sellable.ts'

export const Status = Type.Unsafe<OrderStatus>(
  Type.Enum([...statuses], { type: 'string', description: 'docs/orders.md tells what each means' }),
)

/** The most that one order may hold, and cost in minor units: what payment providers take at once. */
export const orderLimits = { lines: 100, quantity: 999, total: 999_999_999_999 } as const

/** What the copies of a line cost, or a whole order: it may be more than the price of a book. */
export const OrderMoney = Type.Object(
  {
    ...Money.properties,
    amount: Type.Integer({
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      description: 'In minor units: 1299 is 12.99',
    }),
  },
  { title: 'OrderMoney', additionalProperties: false, examples: [{ amount: 1299, currency: 'EUR' }] },
)

/** How an order is sent, such as `standard`. */
export const ShippingMethod = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,31}$', examples: ['standard'] })

/** A country there is: what has no rates of its own is sold to by those of all others. */
export const Country = Type.Unsafe<string>(
  Type.Enum([...countries], {
    title: 'Country',
    type: 'string',
    description: 'ISO 3166-1 alpha-2: GB and not UK, GR and not EL',
    examples: ['DE'],
  }),
)

/** As an order keeps it: its country's code may be none any more. */
export const Address = Type.Object(
  {
    name: line({ maxLength: 200 }),
    line1: line({ maxLength: 200 }),
    line2: Type.Optional(nullable(line({ maxLength: 200 }))),
    postalCode: line({ maxLength: 20 }),
    city: line({ maxLength: 200 }),
    region: Type.Optional(nullable(line({ maxLength: 200 }))),
    country: Type.String({ description: 'ISO 3166-1 alpha-2', examples: ['DE'] }),
  },
  { title: 'Address', additionalProperties: false },
)
export type Address = Static<typeof Address>

const AddressInput = Type.Object(
  { ...Address.properties, country: Country },
  { title: 'AddressInput', additionalProperties: false },
)

export const Email = Type.String({ format: 'email', maxLength: 254 })

const lineInput = Type.Object(
  {
    bookId: uuid(),
    quantity: Type.Integer({ minimum: 1, maximum: orderLimits.quantity }),
  },
  { additionalProperties: false },
)

export const OrderInput = Type.Object(
  {
    lines: Type.Array(lineInput, {
      minItems: 1,
      maxItems: orderLimits.lines,
      description: 'Each book once',
    }),
    email: Type.Optional(
      Type.Unsafe<string>({ ...Email, description: "Needed of guests; else the account's" }),
    ),
    shippingAddress: AddressInput,
    billingAddress: Type.Optional(nullable(AddressInput)),
    shippingMethod: Type.Unsafe<string>({ ...ShippingMethod, default: 'standard' }),
    payment: Type.Object(
      {
        token: line({
          maxLength: 200,
          description:
            "What the payment provider's form gave; the sandbox takes tok_approve, tok_decline, ...",
          examples: ['tok_approve'],
        }),
      },
      { additionalProperties: false },
    ),
    expectedTotal: Type.Optional(OrderMoney),
  },
  {
    title: 'OrderInput',
    description: 'E-books need a shippingAddress too: its country decides the tax',
    additionalProperties: false,
    examples: [
      {
        lines: [{ bookId: '0198c0de-0000-7000-8000-000000000001', quantity: 1 }],
        email: 'reader@example.com',
        shippingAddress: {
          name: 'A. Reader',
          line1: 'Main Street 1',
          postalCode: '10115',
          city: 'Berlin',
          country: 'DE',
        },
        payment: { token: 'tok_approve' },
      },
    ],
  },
)
export type OrderInput = Static<typeof OrderInput>

export const OrderLine = Type.Object(
  {
    position: Type.Integer({ minimum: 1 }),
    bookId: uuid(),
    isbn13: nullable(Type.String()),
    title: Type.String(),
    format: nullable(Format),
    quantity: Type.Integer({ minimum: 1 }),
    unitPrice: Type.Unsafe<Money>({
      ...Money,
      description:
        'Of one copy, frozen as the catalogue had it: with or without tax, as its price was then. `total` has the tax in it',
    }),
    taxRate: Type.Number({ minimum: 0, maximum: 100, description: 'In per cent' }),
    tax: OrderMoney,
    total: Type.Unsafe<Money>({ ...OrderMoney, description: 'Of all its copies, with tax' }),
    allocated: Type.Integer({ minimum: 0, description: 'Copies that are there for it' }),
    shipped: Type.Integer({ minimum: 0 }),
    cancelled: Type.Integer({ minimum: 0 }),
    returned: Type.Integer({ minimum: 0 }),
  },
  { title: 'OrderLine', additionalProperties: false },
)

export const HistoryEntry = Type.Object(
  {
    seq: Type.Integer({ minimum: 1, description: "The event's id" }),
    status: Status,
    at: timestamp(),
    reason: Type.String(),
  },
  { title: 'OrderHistoryEntry', additionalProperties: false },
)
export type HistoryEntry = Static<typeof HistoryEntry>

const Shipment = Type.Object(
  {
    id: uuid(),
    at: timestamp(),
    carrier: nullable(Type.String()),
    tracking: nullable(Type.String()),
    lines: Type.Array(Type.Object({ position: Type.Integer(), quantity: Type.Integer() })),
  },
  { title: 'Shipment', additionalProperties: false },
)

const OrderRefund = Type.Object(
  {
    id: uuid(),
    amount: OrderMoney,
    reason: Type.String(),
    status: literals(['pending', 'done', 'refused', 'withdrawn'], {
      description:
        'What became of it. What is refused, by the payment provider or since the order cannot book it, is owed, until ' +
        'staff say how it goes on',
    }),
    refusal: nullable(
      Type.String({ description: 'What the provider said, or what staff are to do: for staff, else null' }),
    ),
    elsewhere: Type.Boolean({ description: 'Whether the money was given back by another way' }),
    requestedAt: timestamp(),
    doneAt: nullable(timestamp()),
  },
  { title: 'OrderRefund', additionalProperties: false },
)

export const Order = Type.Object(
  {
    id: uuid(),
    number: Type.Integer({ minimum: 1, description: 'For people' }),
    status: Status,
    email: Type.String(),
    lines: Type.Array(OrderLine),
    shippingMethod: Type.String(),
    shippingAddress: Address,
    billingAddress: nullable(Address),
    shipping: OrderMoney,
    tax: OrderMoney,
    total: OrderMoney,
    payment: Type.Object({
      status: literals(['pending', 'charged', 'declined', 'void'], {
        description: 'What became of the charge',
      }),
      refunded: OrderMoney,
      reason: nullable(Type.String({ description: 'Why it was declined' })),
    }),
    refunds: Type.Array(OrderRefund),
    shipments: Type.Array(Shipment),
    version: Type.Integer({ minimum: 1 }),
    createdAt: timestamp(),
    updatedAt: timestamp(),
    history: Type.Array(HistoryEntry),
  },
  { title: 'Order', additionalProperties: false },
)
export type Order = Static<typeof Order>

export const Policy = literals(stockPolicies, {
  description: 'Whether more is sold than there is: backorder once it is published, preorder before that too',
})

const reorderLevel = Type.Integer({
  minimum: 0,
  maximum: 1_000_000,
  description: 'At which number of available copies it is to be reordered; null for never',
})
const weightGrams = Type.Integer({
  minimum: 1,
  maximum: 100_000,
  description: 'Of one copy; null when it is to be estimated from format and pages',
})

export const Inventory = Type.Object(
  {
    bookId: uuid(),
    onHand: Type.Integer({ minimum: 0, description: 'Copies in the shop' }),
    held: Type.Integer({ minimum: 0, description: 'Of these, set aside for orders' }),
    available: Type.Integer({ minimum: 0, description: 'onHand less held' }),
    policy: Policy,
    reorderLevel: nullable(reorderLevel),
    weightGrams: nullable(weightGrams),
    unitCost: nullable(Money),
    version: Type.Integer({
      minimum: 0,
      description: 'Counts the changes of policy, reorderLevel and weightGrams, and not those of copies',
    }),
  },
  { title: 'Inventory', additionalProperties: false },
)
export type Inventory = Static<typeof Inventory>

export const InventoryPatch = Type.Object(
  {
    policy: Type.Optional(Policy),
    reorderLevel: Type.Optional(nullable(reorderLevel)),
    weightGrams: Type.Optional(nullable(weightGrams)),
  },
  {
    title: 'InventoryPatch',
    additionalProperties: false,
    minProperties: 1,
    examples: [{ policy: 'backorder' }],
  },
)
export type InventoryPatch = Static<typeof InventoryPatch>
