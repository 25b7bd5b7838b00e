import { randomUUID } from 'node:crypto'
import { vi } from 'vitest'
import type { ChordPart, ResultStore, TaskMeta } from '../../src/results/port.ts'

/** Milliseconds in which what one store was told must reach another, lost connections included. */
const patience = 15_000

/** What the tests of one suite use: each store that was opened is closed after its test. */
export interface Stage {
  openStore(): Promise<ResultStore>
  /** False where this place cannot. */
  breakConnections(): Promise<boolean>
}

export function metaOf(taskId: string, over: Partial<TaskMeta> = {}): TaskMeta {
  return {
    task_id: taskId,
    status: 'SUCCESS',
    result: 42,
    traceback: null,
    children: [],
    date_done: '2026-03-01T10:00:00.123456+00:00',
    ...over,
  }
}

export const failure = {
  status: 'FAILURE',
  result: { exc_type: 'ValueError', exc_message: ['no', 7], exc_module: 'builtins' },
  traceback: 'Traceback (most recent call last):\n  ...\nValueError: no',
}

/** Values of every kind that a result may be. */
export const values: [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['a negative number', -17],
  ['a fraction', 0.1],
  ['a large float', 1.7976931348623157e308],
  ['the largest safe integer', 9007199254740991],
  ['an integer beyond 2^53', 2n ** 70n],
  ['NaN', Number.NaN],
  ['infinities', [Infinity, -Infinity]],
  ['an empty text', ''],
  ['a text of all alphabets', 'Zażółć 漢字 😀 \u0000\u001f\u2028 "\\/\' %s $1 {}'],
  ['an empty list', []],
  ['an empty object', {}],
  ['nested', { a: [1, [2, [{ b: [[]], c: {} }]]], '': { ' ': null } }],
  ['a time', new Date('2026-03-01T10:00:00.123Z')],
]

export function partOf(index: number | undefined, over: Partial<ChordPart> = {}): ChordPart {
  return { taskId: randomUUID(), index, state: 'SUCCESS', result: { part: index ?? null }, ...over }
}

/** Notes what a watch tells; a state told again at once is noted once, as the port allows that. */
export function recorder() {
  const seen: TaskMeta[] = []
  return {
    seen,
    onMeta(meta: TaskMeta) {
      const last = seen.findLast(({ task_id }) => task_id === meta.task_id)
      if (last === undefined || JSON.stringify(last) !== JSON.stringify(meta)) seen.push(meta)
    },
    statesOf: (id: string) => seen.filter(({ task_id }) => task_id === id).map(({ status }) => status),
  }
}

export const eventually = <T>(check: () => T) => vi.waitFor(check, { timeout: patience, interval: 5 })
