import autocannon from 'autocannon'
import { shown, spread } from './figures.ts'
import { fill, startFile, startShop } from './programs.ts'
import type { Report } from './report.ts'

const rounds = 7
const seconds = 4
const connections = 32

/** A book by its id: requests per second through the gateway as a share of a bare server's, round by round. */
export async function byId(): Promise<Report> {
  const shop = await startShop({ SAMPLE_CATALOGUE: 'off' })
  let bare: Awaited<ReturnType<typeof startFile>> | undefined
  try {
    await fill(shop, 10_000)
    bare = await startFile('bare-server.ts', shop.folder)
    const page = await fetch(`${shop.url}/api/books?limit=50`)
    const { items } = (await page.json()) as { items: { id: string }[] }
    const paths = items.map(({ id }) => `/api/books/${id}`)
    const bareUrl = `http://127.0.0.1:${bare.line}`
    await measure(shop.url, paths, 2)
    await measure(bareUrl, paths, 2)
    const ratios: number[] = []
    for (let round = 0; round < rounds; round++) {
      const ours = await measure(shop.url, paths, seconds)
      const limit = await measure(bareUrl, paths, seconds)
      ratios.push(ours / limit)
    }
    const ratio = spread(ratios)
    return {
      name: 'by-id',
      what: 'a book by its id through the gateway, as a share of a bare node:http server running the same prepared statement (requests per second)',
      wanted: 'a median of at least 0.6',
      met: ratio.median >= 0.6,
      figures: { ratio },
      lines: [`ratio: median and spread ${shown(ratio)} over ${rounds} interleaved rounds`],
    }
  } finally {
    await bare?.stop()
    await shop.stop()
  }
}

async function measure(url: string, paths: readonly string[], duration: number): Promise<number> {
  const result = await autocannon({ url, connections, duration, requests: paths.map((path) => ({ path })) })
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refused, ${result.errors} errors`)
  return result.requests.average
}
