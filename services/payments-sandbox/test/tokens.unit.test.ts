import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tokenTable } from '../src/tokens.ts'

test('docs/payments.md has the table of tokens', () => {
  const docs = readFileSync(new URL('../../../docs/payments.md', import.meta.url), 'utf8')
  expect(docs).toContain(tokenTable())
})
