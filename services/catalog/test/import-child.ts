// Imports what it is given and says when a batch is stored; import.int.test.ts kills it.
import { randomUUIDv7 } from 'node:crypto'
import { text } from 'node:stream/consumers'
import { openDatabase } from '@colophon/postgres'
import { importBooks } from '../src/import/index.ts'
import { feedOf } from './import-harness.ts'

const given = JSON.parse(await text(process.stdin))
const database = openDatabase({ connection: given.connection, application: 'import child' })
const deps = { database, currency: 'EUR', now: () => new Date(), newId: randomUUIDv7, reindexSoon() {} }
await importBooks(deps, {
  feed: feedOf(given.text),
  source: 'child',
  onProgress: ({ read }) => process.stdout.write(`${read}\n`),
})
await database.close()
