import { createCelery, createMemoryBroker } from '@colophon/celery'
import { expect, it } from 'vitest'
import { catalogTasks } from '../src/index.ts'

const book_id = '0198c0de-0000-7000-8000-000000000001'
const sequences = [{ sequence: 0 }, { sequence: 1.5 }, { sequence: '3' }, { sequence: 1e300 }]

it.each([
  [
    'catalog.follow_stock',
    { book_id, in_stock: true, sequence: 3 },
    [{ book_id: 'x' }, { in_stock: 'yes' }, { shelf: 'A1' }, ...sequences],
  ],
  [
    'catalog.set_price',
    {
      book_id,
      amount: 1299,
      currency: 'EUR',
      actor: 'command',
      sequence: 3,
      said_at: '2026-03-01T10:00:00.000Z',
    },
    [
      { book_id: 'x' },
      { amount: 12.99 },
      { amount: -1 },
      { currency: 978 },
      { actor: null },
      { said_at: 'today' },
      { tax: 7 },
      ...sequences,
    ],
  ],
])('the task %s takes what it is for, and nothing else', async (name, good, wrongs) => {
  const app = createCelery({ broker: createMemoryBroker() })
  catalogTasks(app, { followStock: async () => {}, setPrice: async () => ({ isOvertaken: false }) })
  const check = async (given: unknown) => app.tasks.get(name)?.input?.['~standard'].validate(given)
  expect(await check(good)).toEqual({ value: good })
  for (const wrong of wrongs) {
    const message = expect.stringMatching(`^/${Object.keys(wrong)[0]} .`)
    expect(await check({ ...good, ...wrong })).toEqual({ issues: [{ message }] })
  }
  expect(await check(null)).toEqual({ issues: [expect.anything()] })
})
