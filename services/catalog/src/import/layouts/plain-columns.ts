import { columnKey } from './layout.ts'

/** The columns of the plain layout, and by which other names files have them. */
const aliases: Readonly<Record<string, string>> = {
  recordId: 'id, record, record reference, book id, product id, item id, article number, sku',
  isbn: 'isbn10, isbn13, ean, ean13, gtin, gtin13, barcode',
  title: 'book title, product title',
  subtitle: 'book subtitle',
  contributors: 'contributor, author, authors, book author, creator, creators, writer, by',
  editor: 'editors',
  translator: 'translators',
  illustrator: 'illustrators',
  narrator: 'narrators',
  publisher: 'publisher name, imprint, publishing house',
  year:
    'publication year, year of publication, published year, year published, original publication year, ' +
    'pub year',
  publishedOn:
    'publication date, date of publication, published, published date, publish date, pub date, release date',
  language: 'language code, languages, lang',
  format: 'book format, binding, product form, type of binding',
  pages: 'page count, num pages, number of pages, no of pages, nb pages',
  subjects: 'subject, categories, category, genres, genre, keywords, tags, themes',
  description: 'summary, blurb, synopsis, abstract',
  price: 'rrp, list price, retail price, selling price, unit price',
  currency: 'currency code, price currency',
  stock: 'in stock, stock level, quantity, qty, on hand, copies',
  popularity: 'ratings count, num ratings, sales, copies sold',
  coverUrl:
    'cover, cover image, cover img, cover image url, image, image url, image link, thumbnail, image url l',
}

/** The layout's own names of its columns. */
export const plainColumns: readonly string[] = Object.keys(aliases)

const namesByKey = new Map(
  Object.entries(aliases).flatMap(([name, others]) =>
    [name, ...others.split(', ')].map((other) => [columnKey(other), name] as const),
  ),
)

/** The plain layout's name of a column that a file calls so; undefined for one it has no use for. */
export function plainColumn(name: string): string | undefined {
  return namesByKey.get(columnKey(name))
}
