import type { SignatureData, SignatureOptions } from '../protocol/message.ts'
import {
  bodyOf,
  headerOf,
  isChain,
  isChord,
  isGroup,
  mergeOptions,
  tasksOf,
  withBody,
  withTasks,
} from './data.ts'

/** The canvas with each part that starts at once changed: a chain's first step, all of a group, a chord's header. */
function mapStart(data: SignatureData, change: (task: SignatureData) => SignatureData): SignatureData {
  const each = (part: SignatureData) => mapStart(part, change)
  if (isGroup(data)) return withTasks(data, tasksOf(data).map(each))
  if (isChord(data)) return { ...data, kwargs: { ...data.kwargs, header: headerOf(data).map(each) } }
  if (!isChain(data)) return change(data)
  const [first, ...rest] = tasksOf(data)
  return first ? withTasks(data, [each(first), ...rest]) : data
}

/** Puts arguments before those it has, of whatever starts at once and is not immutable. */
export function bind(
  data: SignatureData,
  args: unknown[],
  kwargs: Record<string, unknown> = {},
): SignatureData {
  if (args.length === 0 && Object.keys(kwargs).length === 0) return data
  return mapStart(data, (task) =>
    task.immutable ? task : { ...task, args: [...args, ...task.args], kwargs: { ...task.kwargs, ...kwargs } },
  )
}

export function immutably(data: SignatureData): SignatureData {
  return mapStart(data, (task) => ({ ...task, immutable: true }))
}

/**
 * Gives delivery options to the parts of a canvas, as Celery does when it runs: to a chain's first step, to all of a
 * group, to a chord's header and body; what delays a chord, and its parent, is the header's alone.
 */
export function withDelivery(data: SignatureData, options: SignatureOptions): SignatureData {
  if (Object.keys(options).length === 0) return data
  const started = mapStart(data, (task) => ({ ...task, options: mergeOptions(task.options, options) }))
  const body = isChord(started) ? bodyOf(started) : undefined
  if (!body) return started
  const { countdown: _, eta: __, parent_id: ___, ...rest } = options
  return withBody(started, withDelivery(body, rest))
}

/** What places a signature among others: they are those of the part that gives its result. */
export interface Place {
  task_id?: string | undefined
  chord?: SignatureData | null | undefined
  group_id?: string | undefined
  group_index?: number | undefined
}

/** Says where the result of a canvas belongs, unless that part knows already. */
export function placed(data: SignatureData, place: Place): SignatureData {
  return onResult(data, place, (own, given) => ({ ...given, ...own }))
}

/** The same, whatever it knew before. */
export function withResult(data: SignatureData, place: Place): SignatureData {
  return onResult(data, place, (own, given) => ({ ...own, ...given }))
}

type MergePlace = (own: SignatureOptions, given: SignatureOptions) => SignatureOptions

function onResult(data: SignatureData, place: Place, merge: MergePlace): SignatureData {
  if (isChain(data)) {
    const tasks = tasksOf(data)
    const last = tasks.at(-1)
    return last ? withTasks(data, [...tasks.slice(0, -1), onResult(last, place, merge)]) : data
  }
  const { task_id, group_index: _, ...shared } = place
  if (isGroup(data)) {
    const tasks = tasksOf(data).map((task) => onResult(task, shared, merge))
    return merged(withTasks(data, tasks), { task_id }, merge)
  }
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? withBody(data, onResult(body, place, merge)) : merged(data, place, merge)
}

function merged(data: SignatureData, place: Place, merge: MergePlace): SignatureData {
  const given = Object.entries(place).filter(([, value]) => value !== undefined && value !== null)
  if (given.length === 0) return data
  return { ...data, options: merge(data.options, Object.fromEntries(given)) }
}

export function placeOf(options: SignatureOptions): Place {
  const { task_id, chord, group_id, group_index } = options
  return { task_id, chord, group_id, group_index }
}

/** The id of its result, once it has one. */
export function resultId(data: SignatureData): string | undefined {
  if (isChain(data)) {
    const last = tasksOf(data).at(-1)
    return (last && resultId(last)) ?? data.options.task_id
  }
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? resultId(body) : data.options.task_id
}
