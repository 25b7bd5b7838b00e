import { createReadStream } from 'node:fs'
import type { CatalogDeps } from '../deps.ts'
import { importBooks } from '../import/index.ts'
import { recordDecision, sampleSource } from './decision.ts'

export interface SampleCounts {
  inserted: number
  unchanged: number
}

const file = new URL('../../sample/books.csv', import.meta.url)

/** Imports the sample catalogue; books that are there already stay as they are. */
export async function loadSample(deps: CatalogDeps): Promise<SampleCounts> {
  const bytes = createReadStream(file)
  const feed = { name: 'sample.csv', bytes, close: () => void bytes.destroy() }
  const { counts, stopped } = await importBooks(deps, { feed, source: sampleSource })
  if (stopped || counts.refused > 0)
    throw new Error(`the sample catalogue was not loaded whole: ${JSON.stringify(counts)}`)
  await recordDecision(deps.database, 'loaded', deps.now())
  return { inserted: counts.inserted, unchanged: counts.unchanged + counts.updated }
}
