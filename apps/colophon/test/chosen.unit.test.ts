import { httpProblem } from '@colophon/http'
import { expect, it } from 'vitest'
import { eachOf } from '../src/commands/chosen.ts'
import type { Io } from '../src/io.ts'

const refused = httpProblem('not_found', 'there is no A')
const away = httpProblem('store_unavailable', 'the broker does not answer')

/** Works on A, B and C, which end as they are given to. */
async function workOn(ends: Record<string, Error>) {
  const done: string[] = []
  const io: Pick<Io, 'interrupted'> = { interrupted: new AbortController().signal }
  const working = eachOf(io, ['A', 'B', 'C'], async (item) => {
    if (ends[item]) throw ends[item]
    done.push(item)
  })
  const error = await working.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { done, error }
}

it('one that is refused keeps none behind it from being done', async () => {
  expect(await workOn({ A: refused })).toEqual({ done: ['B', 'C'], error: new Error('there is no A') })
})

it('what ends the work is told, behind what was refused before it', async () => {
  expect(await workOn({ B: away })).toEqual({ done: ['A'], error: away })
  const both = new Error('there is no A\nthe broker does not answer', { cause: away })
  expect(await workOn({ A: refused, B: away })).toEqual({ done: [], error: both })
})
