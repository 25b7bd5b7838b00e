import { optionsOver } from '../app/signature-options.ts'
import type { SignatureData, SignatureOptions } from '../protocol/message.ts'
import { readSignature } from '../protocol/signature.ts'

/**
 * What a signature is as data, and the parts of Celery's composites: a chain's and a group's tasks are its `tasks`
 * argument, a chord's parts `header` and `body`.
 */
export function isChain(data: SignatureData): boolean {
  return data.subtask_type === 'chain'
}

export function isGroup(data: SignatureData): boolean {
  return data.subtask_type === 'group'
}

export function isChord(data: SignatureData): boolean {
  return data.subtask_type === 'chord'
}

/** A single task: what is neither chain, group nor chord, and is sent as one message. */
export function isTask(data: SignatureData): boolean {
  return !isChain(data) && !isGroup(data) && !isChord(data)
}

/** Celery's chunks as Python sends them, in the form of a task: ours are the group that they stand for. */
export function isChunks(data: SignatureData): boolean {
  return data.task === 'celery.chunks'
}

/** The tasks of a chain or a group, as they are in it: a change of them is a change of it. */
export function tasksOf(data: SignatureData): SignatureData[] {
  return signatureList(data.kwargs.tasks, data.task)
}

export function withTasks(data: SignatureData, tasks: SignatureData[]): SignatureData {
  return { ...data, kwargs: { ...data.kwargs, tasks } }
}

/** The tasks of a chord's header, which travels as a list or as a group. */
export function headerOf(chord: SignatureData): SignatureData[] {
  const { header } = chord.kwargs
  if (Array.isArray(header)) return signatureList(header, chord.task)
  if (header === null || header === undefined) return []
  const data = readSignature(header, 'The header of a chord')
  return isGroup(data) || isChain(data) ? tasksOf(data) : [data]
}

/** The id of a chord's group: frozen in its header, or in itself. */
export function headerId(chord: SignatureData): string | undefined {
  const { header } = chord.kwargs
  if (Array.isArray(header) || header === null || header === undefined) return chord.options.task_id
  const data = readSignature(header, 'The header of a chord')
  return (isGroup(data) ? data.options.task_id : undefined) ?? chord.options.task_id
}

/** Undefined when the chord has none yet. */
export function bodyOf(chord: SignatureData): SignatureData | undefined {
  const { body } = chord.kwargs
  return body === null || body === undefined ? undefined : readSignature(body, 'The body of a chord')
}

export function withBody(chord: SignatureData, body: SignatureData): SignatureData {
  return { ...chord, kwargs: { ...chord.kwargs, body } }
}

function signatureList(value: unknown, of: string): SignatureData[] {
  if (!Array.isArray(value)) return []
  return value.map((task) => readSignature(task, `A task of ${of}`))
}

export function makeTask(
  task: string,
  args: unknown[] = [],
  kwargs: Record<string, unknown> = {},
  options: SignatureOptions = {},
): SignatureData {
  return { task, args, kwargs, options, subtask_type: null, immutable: false }
}

export function makeChain(tasks: SignatureData[], options: SignatureOptions = {}): SignatureData {
  return { ...makeTask('celery.chain', [], { tasks }, options), subtask_type: 'chain' }
}

export function makeGroup(tasks: SignatureData[], options: SignatureOptions = {}): SignatureData {
  return { ...makeTask('celery.group', [], { tasks }, options), subtask_type: 'group' }
}

export function makeChord(
  header: SignatureData[],
  body: SignatureData | null,
  options: SignatureOptions = {},
): SignatureData {
  return { ...makeTask('celery.chord', [], { kwargs: {}, header, body }, options), subtask_type: 'chord' }
}

export function listOf<T>(value: T | T[] | null | undefined): T[] {
  if (value === null || value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/**
 * Of its own to change: options, without those that are null, and argument lists are copied, what the arguments hold is
 * not.
 */
export function copy(data: SignatureData): SignatureData {
  const given = Object.entries(data.options).filter(([, value]) => value !== null)
  const options: SignatureOptions = Object.fromEntries(given)
  if (options.link) options.link = [...listOf(options.link)]
  if (options.link_error) options.link_error = [...listOf(options.link_error)]
  return { ...data, args: [...data.args], kwargs: { ...data.kwargs }, options }
}

/** Options of one signature alone; the others of a composite are its parts' too. */
const ownOptions = new Set([
  ...['task_id', 'group_id', 'group_index', 'chord', 'chain', 'link', 'link_error', 'root_id', 'parent_id'],
  ...['reply_to'],
])

/** Those that say how it is delivered and run: queue, priority, countdown and the like. */
export function deliveryOptions(options: SignatureOptions): SignatureOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !ownOptions.has(name)))
}

/**
 * Options of a call over those of the signature. As in Celery, the group that a task is part of stays, and so do its
 * stamps; what is null or undefined says nothing.
 */
export function mergeOptions(own: SignatureOptions, call: SignatureOptions | undefined): SignatureOptions {
  if (!call) return own
  const kept = new Set(['group_id', 'stamped_headers', ...stampedHeaders(own)])
  const said = Object.entries(call).filter(([name, value]) => {
    const isKept = kept.has(name) && own[name] !== undefined && own[name] !== null
    return value !== null && value !== undefined && !isKept
  })
  return optionsOver(own, Object.fromEntries(said))
}

function stampedHeaders(options: SignatureOptions): string[] {
  const { stamped_headers: names } = options
  return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
}
