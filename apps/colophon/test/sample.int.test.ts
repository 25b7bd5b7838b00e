import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { colophon, startHere } from './support.ts'

let folder: string
let environment: Record<string, string>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'colophon-sample-'))
  environment = { DATABASE_URL: `embedded:${folder}/data`, LOG_LEVEL: 'silent', PORT: '0' }
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Imports a book into the shop, which is made if there is none. */
async function importBook(source: string): Promise<void> {
  const stdin = 'isbn,title\n9780439023481,The Hunger Games\n'
  const { code } = await colophon(['import', '-', '--source', source], { environment, stdin })
  expect(code).toBe(0)
}

/** How many books the shop has once it serves. */
async function booksServed(): Promise<number> {
  const serving = startHere(['serve'], { environment, terminal: true })
  await expect.poll(serving.stdout, { timeout: 20_000 }).toContain('is ready after')
  const api = /api {6}(http:\S+)/.exec(serving.stdout())?.[1] ?? ''
  const { total } = (await (await fetch(`${api}?total=true`)).json()) as { total: number }
  serving.interrupt()
  expect((await serving.ended).code).toBe(0)
  return total
}

describe('the first start of an embedded shop', () => {
  it('loads the sample, also when a start before it was killed while loading', async () => {
    await importBook('sample')
    expect(await booksServed()).toBeGreaterThan(900)
  })

  it('does not add the sample to books of its own, which can still be asked for', async () => {
    await importBook('my-shop')
    expect(await booksServed()).toBe(1)
    expect(await booksServed()).toBe(1)
    const { stdout } = await colophon(['sample', 'load', '--json'], { environment })
    expect(JSON.parse(stdout).inserted).toBeGreaterThan(900)
  })
})
