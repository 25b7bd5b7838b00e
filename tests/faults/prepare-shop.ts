import type { Random } from '../../packages/celery/testing/random.ts'
import { signIn } from '../support/staff.ts'
import type { Fleet } from './shapes.ts'

/** Books of the trial: some of which there are always enough, and some that run out. */
const [plentiful, scarce] = [12, 6]

/** Makes books and brings copies of them into the shop. @returns the ids of the books */
export async function prepareShop(
  { urls: [url = ''], environment }: Fleet,
  random: Random,
): Promise<string[]> {
  const staff = await signIn(url, environment)
  const ids: string[] = []
  for (let index = 0; index < plentiful + scarce; index++) {
    const price = { amount: 500 + random.below(3_000), currency: 'EUR' }
    const book = { title: `Book ${index + 1}`, format: 'paperback', pages: 200, price }
    ids.push(await staff.addBook(book, index < plentiful ? 100_000 : 20 + random.below(200)))
  }
  const price = { amount: 999, currency: 'EUR' }
  ids.push(await staff.addBook({ title: 'An e-book', format: 'ebook', price }))
  return ids
}
