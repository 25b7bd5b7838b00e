import { chain, chord, chunks, group, map, starmap } from '../../../src/canvas/build.ts'
import type { AnySignature } from '../../../src/canvas/signature.ts'
import type { Celery } from '../../../src/create-celery.ts'

/** A canvas as both sides of the tests build it. Names of tasks say no side: `onSides` gives them one. */
export type Plan =
  | ['chain' | 'group' | 'chord', ...Plan[]]
  | ['link' | 'errback', Plan, Plan]
  | ['task' | 'immutable' | 'map', name: string, ...args: unknown[]]
  | ['starmap', name: string, ...args: unknown[][]]
  | ['chunks', name: string, size: number, ...args: unknown[][]]
  /** As Python's `chunks` is, which is their group here from the start. */
  | ['chunkstask', name: string, size: number, ...args: unknown[][]]

export const add = (...args: number[]): Plan => ['task', 'add', ...args]
export const tsum = (...args: number[]): Plan => ['task', 'tsum', ...args]
export const echo = (...args: unknown[]): Plan => ['task', 'echo', ...args]
export const fail: Plan = ['task', 'fail']

/** Each with its result. */
export const plans: [what: string, plan: Plan, value: unknown][] = [
  ['a chain', ['chain', add(2, 2), add(4), add(8)], 16],
  ['an immutable step', ['chain', add(2, 2), ['immutable', 'add', 4], add(1)], 5],
  ['a group', ['group', add(1, 1), add(2, 2), add(3, 3)], [2, 4, 6]],
  ['a group of a chain', ['group', ['chain', add(1), add(1)], add(5)], [2, 5]],
  ['a chord', ['chord', add(1), add(2), add(3), tsum()], 6],
  ['a chord of one', ['chord', add(1), echo()], [1]],
  ['a group at the end of a chain', ['chain', add(1), ['group', add(10), add(20)]], [11, 21]],
  ['a group that something follows', ['chain', ['group', add(1), add(2)], tsum()], 3],
  ['a group of one that something follows', ['chain', add(1), ['group', add(2)], add(3)], 6],
  [
    'groups and tasks by turns',
    ['chain', add(1), ['group', add(1), add(2)], tsum(), ['group', add(10), add(20)], tsum(), add(1)],
    41,
  ],
  ['a group after a group', ['chain', ['group', add(1), add(2)], ['group', tsum(), tsum(1)], tsum()], 7],
  [
    'a group after a group at the end',
    ['chain', add(0), ['group', add(1), add(2)], ['group', tsum(), echo()]],
    [3, [1, 2]],
  ],
  ['a chord within a chain', ['chain', add(1), ['chord', add(1), add(2), tsum()], add(10)], 15],
  ['a chord with a chain for its body', ['chord', add(1), add(2), ['chain', tsum(), add(10), add(100)]], 113],
  ['a chord with a group for its body', ['chord', add(1), add(2), ['group', tsum(), tsum(1)]], [3, 4]],
  [
    'a chord with a group of nothing for its body',
    ['chain', add(1), ['chord', add(1), add(2), ['group']]],
    [],
  ],
  [
    'a chord with a group of nothing for its body that something follows',
    ['chain', add(1), ['chord', add(1), add(2), ['group']], echo(4)],
    [[], 4],
  ],
  ['a chord with a chord for its body', ['chord', add(1), add(2), ['chord', tsum(), tsum(1), tsum()]], 7],
  ['chains in a header', ['chord', ['chain', add(1), add(1)], ['chain', add(2), add(2)], echo()], [2, 4]],
  ['a chord in a header', ['chord', ['chord', add(1), add(2), tsum()], add(4), echo()], [3, 4]],
  [
    'a chain that ends in a group in a header',
    ['chord', ['chain', add(1), ['group', add(1), add(2)]], add(7), echo()],
    [[2, 3], 7],
  ],
  [
    'chords in chains in a group in a chain',
    [
      'chain',
      add(1),
      [
        'group',
        ['chain', ['group', add(1), add(2)], tsum()],
        ['chain', add(5), ['group', add(1), add(2)], tsum(3)],
      ],
      tsum(),
      ['group', add(1), add(2)],
    ],
    // (1+1 + 1+2) + (6+1 + 6+2 + 3)
    [24, 25],
  ],
  ['a map', ['map', 'tsum', [1, 2], [3]], [3, 3]],
  ['a starmap', ['starmap', 'add', [1, 2], [3, 4]], [3, 7]],
  ['chunks, the last of them shorter', ['chunks', 'add', 2, [1, 1], [2, 2], [3, 3]], [[2, 4], [6]]],
  ['a starmap between steps', ['chain', add(1), ['starmap', 'add', [1, 2], [3, 4]], tsum()], 10],
  ['chunks that something follows', ['chain', add(1), ['chunks', 'add', 1, [1, 2], [3, 4]], tsum()], 10],
  ['a map in a header', ['chord', ['map', 'tsum', [1, 2], [3]], add(1), echo()], [[3, 3], 1]],
  [
    'a task that replaces itself with a chain',
    ['chain', ['task', 'replaced', 1, ['chain', add(1), add(1)]], add(10)],
    13,
  ],
  [
    'a task that replaces itself with a group',
    ['chain', add(1), ['task', 'replaced', 1, ['group', add(1), add(2)]], tsum()],
    7,
  ],
  [
    'a task of a header that replaces itself',
    ['chord', ['task', 'replaced', 1, ['chord', add(1), add(2), tsum()]], add(1), echo()],
    [5, 1],
  ],
]

type Side = 'py' | 'ts'

/** Who runs what: each side all of it, or both by turns. */
export const divisions: Record<string, Side[]> = {
  Python: ['py'],
  TypeScript: ['ts'],
  'Python and TypeScript by turns': ['py', 'ts'],
  'TypeScript and Python by turns': ['ts', 'py'],
}

const ofOneTask: unknown[] = ['task', 'immutable', 'map', 'starmap', 'chunks', 'chunkstask']

/** The plan with its tasks, in their order, on these sides by turns. */
export function onSides(plan: Plan, sides: Side[]): Plan {
  let next = 0
  const placed = (part: unknown): unknown => {
    if (!Array.isArray(part)) return part
    const [kind, ...rest] = part
    if (!ofOneTask.includes(kind)) return [kind, ...rest.map(placed)]
    const side = sides[next++ % sides.length]
    const [name, ...args] = rest
    return [kind, `${side}.${name}`, ...args.map(placed)]
  }
  return placed(plan) as Plan
}

function taskOf(app: Celery, name: string) {
  return app.remote<unknown[]>({ name })
}

export function build(app: Celery, plan: Plan): AnySignature {
  if (plan[0] === 'task' || plan[0] === 'immutable') {
    const [kind, name, ...args] = plan
    return app.signature(name, { args, immutable: kind === 'immutable' })
  }
  if (plan[0] === 'map') return map(taskOf(app, plan[1]), plan.slice(2) as unknown[][])
  if (plan[0] === 'starmap') return starmap(taskOf(app, plan[1]), plan.slice(2) as unknown[][])
  if (plan[0] === 'chunks' || plan[0] === 'chunkstask')
    return chunks(taskOf(app, plan[1]), plan.slice(3) as unknown[][], plan[2])
  const [kind, ...parts] = plan
  const built = (parts as Plan[]).map((part) => build(app, part))
  const [first, second] = built
  if (kind === 'link' && first && second) return first.link(second)
  if (kind === 'errback' && first && second) return first.linkError(second)
  if (kind === 'chain') return chain(built)
  if (kind === 'group') return group(built)
  return chord(built.slice(0, -1), built.at(-1) as AnySignature)
}
