import { line, nullable, paragraphs, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'

/** Forms a book is sold in. ONIX list 150 is finer; the importer maps it to these. */
export const formats = ['hardback', 'paperback', 'ebook', 'audiobook', 'other'] as const

/** How a book can be had, after ONIX list 65. */
export const availabilities = [
  'available',
  'preorder',
  'on_demand',
  'temporarily_unavailable',
  'unavailable',
  'withdrawn',
  'unknown',
] as const

/** Roles of contributors, after ONIX list 17. */
export const roles = [
  'author',
  'editor',
  'translator',
  'illustrator',
  'photographer',
  'narrator',
  'foreword',
  'introduction',
  'adapter',
  'other',
] as const

/** One of these texts. */
export const literals = <const T extends readonly string[]>(values: T, options: { description: string }) =>
  Type.Unsafe<T[number]>(Type.Enum([...values], { type: 'string', ...options }))

export const Role = literals(roles, { description: 'What a contributor did (after ONIX list 17)' })
export const Format = literals(formats, { description: 'What the book is sold as (after ONIX list 150)' })
export type Format = Static<typeof Format>
export const Availability = literals(availabilities, {
  description: 'How it can be had (after ONIX list 65)',
})
export type Availability = Static<typeof Availability>

export const Money = Type.Object(
  {
    amount: Type.Integer({
      minimum: 0,
      maximum: 2_147_483_646,
      description: 'In minor units: 1299 is 12.99',
    }),
    currency: Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217' }),
  },
  { title: 'Money', additionalProperties: false, examples: [{ amount: 1299, currency: 'EUR' }] },
)
export type Money = Static<typeof Money>

/** What a contributor, a publisher or a subject is called. */
export const nameText = (description: string) => line({ maxLength: 300, description })

export const Credit = Type.Object(
  { id: uuid(), name: nameText('As the book credits it'), role: Role },
  { title: 'Credit', additionalProperties: false },
)
export const PublisherReference = Type.Object(
  { id: uuid(), name: nameText('The publisher or imprint') },
  { title: 'PublisherReference', additionalProperties: false },
)
export const SubjectReference = Type.Object(
  {
    scheme: Type.String({
      pattern: '^[a-z][a-z0-9_-]{0,31}$',
      description: 'thema, bisac, keyword, ...',
      examples: ['thema'],
    }),
    code: line({ maxLength: 100 }),
    text: nameText('For people'),
  },
  { title: 'SubjectReference', additionalProperties: false },
)

const year = Type.Integer({
  minimum: -4000,
  maximum: 2200,
  not: Type.Unsafe({ const: 0 }),
  description: 'Of first publication; before Christ negative. There was no year 0',
})
// No later than the year may be, which follows from it.
const publishedOn = Type.String({
  format: 'date',
  pattern: '^([01]|2[01]|2200)',
  description: 'ISO 8601, to the end of 2200',
})
const pages = Type.Integer({ minimum: 1, maximum: 100_000 })
const description = paragraphs({ maxLength: 50_000 })
// With a host: a URI may have none.
const coverUrl = Type.String({ format: 'uri', pattern: '^https?://[^/?#:@]', maxLength: 2000 })
const title = line({ maxLength: 1000 })
const subtitle = line({ maxLength: 1000 })

/** A book as everybody reads it. */
export const Book = Type.Object(
  {
    id: uuid(),
    isbn13: nullable(Type.String({ pattern: '^97[89][0-9]{10}$' })),
    isbn10: nullable(
      Type.String({ pattern: '^[0-9]{9}[0-9X]$', description: 'Null where none exists, as for 979' }),
    ),
    title,
    subtitle: nullable(subtitle),
    contributors: Type.Array(Credit),
    publisher: nullable(PublisherReference),
    language: nullable(Type.String({ pattern: '^[a-z]{3}$', description: 'ISO 639-2/B' })),
    year: nullable(year),
    publishedOn: nullable(publishedOn),
    format: nullable(Format),
    subjects: Type.Array(SubjectReference),
    description: nullable(description),
    pages: nullable(pages),
    price: nullable(Money),
    coverUrl: nullable(coverUrl),
    availability: Availability,
    inStock: Type.Boolean({ description: 'Whether copies are left' }),
    popularity: Type.Integer({ minimum: 0 }),
    version: Type.Integer({ minimum: 1 }),
    updatedAt: timestamp(),
  },
  { title: 'Book', additionalProperties: false },
)
export type Book = Static<typeof Book>

/** How many of a kind a book may have. */
export const longestLists = { contributors: 200, subjects: 100 } as const

const contributors = Type.Array(
  Type.Object(
    {
      id: Type.Optional(uuid()),
      name: Type.Optional(nameText('Finds or makes the contributor of that name when no id is given')),
      role: Type.Optional(Role),
    },
    { additionalProperties: false },
  ),
  { maxItems: longestLists.contributors, description: 'In order; the role is author when none is given' },
)
const publisher = Type.Object(
  {
    id: Type.Optional(uuid()),
    name: Type.Optional(nameText('Finds or makes the publisher of that name')),
  },
  { additionalProperties: false },
)
const subjects = Type.Array(
  Type.Object(
    {
      scheme: SubjectReference.properties.scheme,
      code: SubjectReference.properties.code,
      text: Type.Optional(SubjectReference.properties.text),
    },
    { additionalProperties: false },
  ),
  {
    maxItems: longestLists.subjects,
    description: 'A code that is not known yet is made, with its text (or the code for want of one)',
  },
)
const popularity = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

/** What can be written in a field, if anything is. */
export const fieldSchemas = {
  title,
  subtitle,
  contributors,
  publisher,
  year,
  pages,
  subjects,
  description,
  price: Money,
  coverUrl,
  popularity,
}

const optional = {
  subtitle: Type.Optional(nullable(subtitle)),
  contributors: Type.Optional(contributors),
  publisher: Type.Optional(nullable(publisher)),
  language: Type.Optional(
    nullable(
      Type.String({
        minLength: 2,
        maxLength: 35,
        description: 'ISO 639-1, 639-2 or BCP 47; kept as ISO 639-2/B',
      }),
    ),
  ),
  year: Type.Optional(nullable(year)),
  publishedOn: Type.Optional(nullable(publishedOn)),
  format: Type.Optional(nullable(Format)),
  subjects: Type.Optional(subjects),
  description: Type.Optional(nullable(description)),
  pages: Type.Optional(nullable(pages)),
  price: Type.Optional(nullable(Money)),
  coverUrl: Type.Optional(nullable(coverUrl)),
  availability: Type.Optional(Availability),
  inStock: Type.Optional(
    Type.Boolean({
      description:
        'Ignored once the shop counts copies of the book: it is in stock while any are left, and what is written ' +
        'here, or said by a feed, does not change that',
    }),
  ),
  popularity: Type.Optional(popularity),
  isbn13: Type.Optional(
    nullable(
      Type.String({
        minLength: 1,
        maxLength: 40,
        description: 'Any written form of the ISBN, 10 or 13 digits',
      }),
    ),
  ),
  isbn10: Type.Optional(
    nullable(
      Type.String({
        minLength: 1,
        maxLength: 40,
        description:
          'The ISBN where isbn13 is left out or null. Where both are given they must be the same: whoever ' +
          'changes one of a book as read changes the other too, or leaves it out',
      }),
    ),
  ),
}

const readOnly = {
  id: Type.Optional(uuid({ description: 'Ignored: so that a book as read can be sent back' })),
  version: Type.Optional(Type.Integer({ description: 'Ignored: If-Match decides' })),
  updatedAt: Type.Optional(timestamp({ description: 'Ignored' })),
}

/** A book as staff write it. Fields left out are empty. */
export const BookInput = Type.Object(
  { title, ...optional, ...readOnly },
  {
    title: 'BookInput',
    additionalProperties: false,
    examples: [
      {
        isbn13: '978-0-439-02348-1',
        title: 'The Hunger Games',
        contributors: [{ name: 'Suzanne Collins' }],
        publisher: { name: 'Scholastic Press' },
        language: 'eng',
        year: 2008,
        format: 'hardback',
        price: { amount: 1799, currency: 'EUR' },
      },
    ],
  },
)
export type BookInput = Static<typeof BookInput>

const PricePatch = Type.Object(
  { amount: Type.Optional(Money.properties.amount), currency: Type.Optional(Money.properties.currency) },
  { additionalProperties: false, minProperties: 1 },
)

/** RFC 7396: null empties a field, what is left out stays. */
export const BookPatch = Type.Object(
  { title: Type.Optional(title), ...optional, ...readOnly, price: Type.Optional(nullable(PricePatch)) },
  {
    title: 'BookPatch',
    additionalProperties: false,
    examples: [{ price: { amount: 1599 } }],
  },
)
export type BookPatch = Static<typeof BookPatch>

/** What one field was and has been since. */
export const FieldChange = Type.Object(
  {
    field: Type.String({ examples: ['price'] }),
    before: Type.Unknown({ description: 'What it was' }),
    after: Type.Unknown({ description: 'What it has been since' }),
  },
  { title: 'FieldChange', additionalProperties: false },
)
