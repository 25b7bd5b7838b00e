import { httpProblem } from '@colophon/http'
import { expect, it } from 'vitest'
import { eachOf } from '../src/commands/chosen.ts'
import type { Io } from '../src/io.ts'

const refused = httpProblem('not_found', 'there is no A')
const away = httpProblem('store_unavailable', 'the broker does not answer')

/** Works on A, B and C, which end as they are given to, and while which the user may ask the program to stop. */
async function workOn(ends: Record<string, Error>, stops: Record<string, Error> = {}) {
  const done: string[] = []
  const interruption = new AbortController()
  const io: Pick<Io, 'interrupted'> = { interrupted: interruption.signal }
  const working = eachOf(io, ['A', 'B', 'C'], async (item) => {
    if (stops[item]) interruption.abort(stops[item])
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

it('an interruption ends the work behind the one it came at, and is told as what ends it', async () => {
  const stopped = new Error('stopped by SIGINT')
  expect(await workOn({}, { A: stopped })).toEqual({ done: ['A'], error: stopped })
  const both = new Error('there is no A\nstopped by SIGINT', { cause: stopped })
  expect(await workOn({ A: refused }, { B: stopped })).toEqual({ done: ['B'], error: both })
})
