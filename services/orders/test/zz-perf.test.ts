import { it } from 'vitest'
import { startOrders } from '/work/main/services/orders/test/harness.ts'
import { receiveGoods } from '/work/main/services/orders/src/stock/index.ts'
import { Readable } from 'node:stream'
function isbn(i: number) { const t = '978' + String(i).padStart(9,'0'); let s=0; for (let p=0;p<12;p++) s += (p%2?3:1)*Number(t[p]); return t + String((10-s%10)%10) }
it('x', async () => {
  const shop = await startOrders()
  const rows = Array.from({length: 10000}, (_, i) => isbn(100000000 + i))
  const map = new Map<string,string>()
  for (const r of rows) map.set(r, shop.catalog.add({ isbn13: r }).id)
  shop.orders.deps.catalog = { ...shop.catalog, bookIdsByIsbn: async (is) => new Map(is.map((i) => [i, map.get(i) ?? ''])) }
  for (const d of ['a','b']) {
    const t = performance.now()
    const r = await receiveGoods(shop.orders.deps, { file: Readable.from([Buffer.from('isbn,quantity,cost\n' + rows.map((x) => `${x},2,7.50`).join('\n'))]), document: d, dryRun: false, actor: 'command' })
    console.log(d, r.counts, performance.now() - t)
  }
  await shop.stop()
}, 60000)
