import { CeleryError } from '../errors.ts'
import type { SignatureData } from '../protocol/message.ts'
import { readSignature } from '../protocol/signature.ts'
import {
  bodyOf,
  copy,
  deliveryOptions,
  headerId,
  headerOf,
  isChain,
  isChord,
  isChunks,
  isGroup,
  listOf,
  makeChain,
  makeChord,
  makeGroup,
  makeTask,
  tasksOf,
  withBody,
} from './data.ts'
import { withLinks } from './links.ts'
import { bind, immutably, placed, placeOf, resultId, withDelivery } from './parts.ts'

/** Composites in each other at most: no program writes more, and what reads them calls itself. */
const maxDepth = 200

/**
 * The same canvas in its simplest form, as a copy; options of composites, except ids, are given to their parts:
 * - a chain's steps are tasks, chords and, at its end, perhaps a group; a chain within is spliced, a group that
 *   something follows is a chord's header, a group of one that something follows is its task, an empty one is left out
 * - a chain of one step is that step, unless that is a group: among a group's members it gives a list
 * - a group's members, and those of a chord's header, are tasks, chains and chords
 * - a chord's body is no chain: what follows that chain's first step follows the chord
 * - chunks are a group, unless they have an id already and nothing in the canvas follows them
 */
export function normalise(given: SignatureData, depth = 0): SignatureData {
  if (depth > maxDepth) throw new CeleryError('BAD_VALUE', `A canvas goes deeper than ${maxDepth} levels.`)
  const data = readSignature(given)
  if (isChain(data)) return normalChain(data, depth + 1)
  if (isGroup(data)) return normalGroup(data, depth + 1)
  if (isChord(data)) return normalChord(data, depth + 1)
  return isChunks(data) && data.options.task_id === undefined ? groupOfChunks(data) : copy(data)
}

/** A canvas without a task: what chains and groups leave out. */
export function isEmpty(data: SignatureData): boolean {
  return (isChain(data) || isGroup(data)) && tasksOf(data).length === 0
}

/** What follows it has to wait for a whole group. */
export function endsInGroup(data: SignatureData): boolean {
  if (isGroup(data)) return true
  if (isChain(data)) return tasksOf(data).slice(-1).some(endsInGroup)
  const body = isChord(data) ? bodyOf(data) : undefined
  return body !== undefined && endsInGroup(body)
}

function normalChain(data: SignatureData, depth: number): SignatureData {
  const steps = joinGroups(realSteps(tasksOf(data).flatMap((task) => spliced(normalise(task, depth)))))
  const chain = placed(makeChain(steps), placeOf(data.options))
  const { link, link_error: errback } = data.options
  const linked = withLinks(chain, listOf(link), listOf(errback))
  const begun = withDelivery(bind(linked, data.args), deliveryOptions(data.options))
  const whole = data.immutable ? immutably(begun) : begun
  const [only, ...rest] = tasksOf(whole)
  return only && rest.length === 0 && !isGroup(only) ? only : whole
}

function spliced(data: SignatureData): SignatureData[] {
  return isChain(data) ? tasksOf(data) : [data]
}

/** Without those that do nothing, of which one is left when there are no others. */
function realSteps(steps: SignatureData[]): SignatureData[] {
  const real = steps.filter((step) => !isEmpty(step))
  return real.length > 0 ? real : steps.filter(isGroup).slice(-1)
}

/** Makes a chord of each group and what follows it. */
function joinGroups(steps: SignatureData[]): SignatureData[] {
  const joined: SignatureData[] = []
  for (const [index, step] of steps.entries()) {
    const last = joined.at(-1)
    const next = index < steps.length - 1 ? unwrapped(step) : step
    if (last && endsInGroup(last)) joined.splice(-1, 1, followed(last, next))
    else joined.push(...spliced(next))
  }
  return joined
}

/** A group of one counts as its task when something follows it, and chunks as their group. */
function unwrapped(given: SignatureData): SignatureData {
  const step = isChunks(given) ? groupOfChunks(given) : given
  const [only, ...others] = isGroup(step) ? tasksOf(step) : []
  return only && others.length === 0 ? only : step
}

function followed(data: SignatureData, next: SignatureData): SignatureData {
  const body = isChord(data) ? bodyOf(data) : undefined
  if (body) return withBody(data, followed(body, next))
  const { task_id: id } = data.options
  return makeChord(tasksOf(data), next, id === undefined ? {} : { task_id: id })
}

function normalGroup(data: SignatureData, depth: number): SignatureData {
  const { task_id: id, link, link_error: errback, ...options } = data.options
  const members = flat(tasksOf(data), depth).map((task) => withLinks(task, listOf(link), listOf(errback)))
  const { chord, group_id } = options
  const group = placed(makeGroup(members, id === undefined ? {} : { task_id: id }), { chord, group_id })
  const begun = withDelivery(bind(group, data.args), deliveryOptions(options))
  return data.immutable ? immutably(begun) : begun
}

/** Groups within are part of it; chunks within give a list. */
function flat(tasks: SignatureData[], depth: number): SignatureData[] {
  return tasks.flatMap((task) => {
    const normal = normalise(task, depth)
    if (isEmpty(normal)) return []
    if (!isGroup(normal)) return [normal]
    return isGroup(task) ? tasksOf(normal) : [makeChain([normal])]
  })
}

/**
 * The id of a chord is that of its header's group once its body has one, as after freezing; before that, what was
 * asked for is the id of its result.
 */
function normalChord(data: SignatureData, depth: number): SignatureData {
  const { link, link_error: errback, task_id: id, ...options } = data.options
  const { body: given } = data.kwargs
  const plain = given ? normalise(bodyOf(data) ?? makeChain([]), depth) : undefined
  const isFrozen = plain !== undefined && resultId(plain) !== undefined
  const groupId = isFrozen ? headerId(data) : frozenHeaderId(data)
  const own = groupId === undefined ? {} : { task_id: groupId }
  const header = normalHeader(data, depth)
  if (!plain || (isChain(plain) && isEmpty(plain)))
    return makeChord(header, null, { ...own, ...data.options })

  const { chord, group_id, group_index } = options
  const body = placed(plain, {
    task_id: isFrozen || id === groupId ? undefined : id,
    chord,
    group_id,
    group_index,
  })
  const [first, ...rest] = spliced(withLinks(body, listOf(link), listOf(errback)))
  if (!first) return data
  const begun = withDelivery(bind(makeChord(header, first, own), data.args), deliveryOptions(options))
  const whole = data.immutable ? immutably(begun) : begun
  if (rest.length === 0) return whole
  const steps = joinGroups([whole, ...rest])
  return steps.length > 1 ? makeChain(steps) : (steps[0] ?? whole)
}

function frozenHeaderId(chord: SignatureData): string | undefined {
  return Array.isArray(chord.kwargs.header) ? undefined : headerId({ ...chord, options: {} })
}

function normalHeader(data: SignatureData, depth: number): SignatureData[] {
  const { header } = data.kwargs
  const group = Array.isArray(header) || !header ? undefined : readSignature(header)
  const options = group && isGroup(group) ? deliveryOptions(group.options) : {}
  const members = flat(headerOf(data), depth).map((task) => withDelivery(task, options))
  const { kwargs } = data.kwargs
  const own = typeof kwargs === 'object' && kwargs !== null ? (kwargs as Record<string, unknown>) : {}
  return members.map((task) => bind(task, [], own))
}

/** `celery.chunks` as the tasks it stands for, each of which works through `n` of the items. */
function groupOfChunks(data: SignatureData): SignatureData {
  const { task, it, n } = data.kwargs
  const items = Array.isArray(it) ? it : []
  const size = typeof n === 'number' && n >= 1 ? Math.trunc(n) : 1
  const parts = Array.from({ length: Math.ceil(items.length / size) }, (_, index) => ({
    ...makeTask('celery.starmap', [], { task, it: items.slice(index * size, (index + 1) * size) }),
    immutable: true,
  }))
  return normalGroup(makeGroup(parts, data.options), 0)
}
