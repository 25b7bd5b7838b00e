import { runColophon } from '../../apps/colophon/test/process.ts'
import type { Random } from '../../packages/celery/testing/random.ts'
import type { Fleet } from './shapes.ts'

/** Books of the trial: some of which there are always enough, and some that run out. */
const [plentiful, scarce] = [12, 6]

/** Makes books and brings copies of them into the shop. @returns the ids of the books */
export async function prepareShop({ urls: [url], environment }: Fleet, random: Random): Promise<string[]> {
  const { code, output } = await runColophon(['token', '--role', 'admin'], environment)
  if (code !== 0) throw new Error(`no token: ${output}`)
  const token = output.trim().split('\n').at(-1) ?? ''
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as { id: string }
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${JSON.stringify(answer)}`)
    return answer
  }
  const ids: string[] = []
  for (let index = 0; index < plentiful + scarce; index++) {
    const price = { amount: 500 + random.below(3_000), currency: 'EUR' }
    const { id } = await post('/api/books', {
      title: `Book ${index + 1}`,
      format: 'paperback',
      pages: 200,
      price,
    })
    const delta = index < plentiful ? 100_000 : 20 + random.below(200)
    await post(
      `/api/inventory/${id}/adjustments`,
      { delta, reason: 'goods_in' },
      { 'idempotency-key': `in-${id}` },
    )
    ids.push(id)
  }
  const ebook = { title: 'An e-book', format: 'ebook', price: { amount: 999, currency: 'EUR' } }
  ids.push((await post('/api/books', ebook)).id)
  return ids
}
