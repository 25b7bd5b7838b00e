import type { AppCore } from '../app/app-core.ts'
import { isRefused } from '../errors.ts'
import { celeryExceptions } from '../protocol/celery-exceptions.ts'
import { exceptionData, readExceptionData, reprOfException } from '../protocol/exceptions.ts'
import type { SignatureData } from '../protocol/message.ts'
import { type ResultNode, readResultTuple } from '../protocol/result-tuple.ts'
import { type ChordPart, isReady, type ResultStore, type TaskMeta } from '../results/port.ts'
import { leafIds } from '../results/tree.ts'
import { applySignature } from './apply.ts'
import { failBody } from './fail-body.ts'

export interface FinishedPart extends ChordPart {
  groupId: string | undefined
  rootId: string
}

/**
 * Hands in a task's part of a chord. Whoever hands in the last one sends the body, with the results of all in the
 * header's order, or fails it; then the chord is forgotten. What dies between does so again: parts count once.
 */
export async function completePart(app: AppCore, body: SignatureData, finished: FinishedPart): Promise<void> {
  const { groupId, rootId, ...part } = finished
  if (groupId === undefined) return
  const results = await app.results()
  if (!results) {
    const fields = { taskId: part.taskId, groupId }
    app.options.log.error(fields, 'a part of a chord is lost: give createCelery the option results')
    return
  }
  const parts = await results.addChordPart(groupId, part)
  if (!parts) return
  await finishChord(app, results, body, { parts, groupId, rootId, by: part.taskId })
  await results.forgetChord(groupId)
}

interface CompleteChord {
  parts: ChordPart[]
  groupId: string
  rootId: string
  /** The task that completed it: the body's parent. */
  by: string
}

async function finishChord(app: AppCore, results: ResultStore, body: SignatureData, chord: CompleteChord) {
  const failed = chord.parts.find((part) => part.state !== 'SUCCESS')
  if (failed) {
    await failBody(app, body, causeOf(failed))
    return
  }
  try {
    const values = await valuesOf(results, chord)
    const options = { parent_id: chord.by, root_id: body.options.root_id ?? chord.rootId }
    await applySignature(app, body, [values], { options, isChild: false })
  } catch (error) {
    if (!isRefused(error)) throw error
    app.options.log.error({ err: error, groupId: chord.groupId }, 'the body of a chord cannot be sent')
    const { data } = exceptionData(error)
    await failBody(app, body, { original: data, message: `Callback error: ${reprOfException(data)}` })
  }
}

function causeOf(part: ChordPart) {
  const original = readExceptionData(part.result)
  const error = celeryExceptions.chordError(part.taskId, reprOfException(original))
  return { original, message: error.message }
}

/** In the header's shape: what a group within it gave is a list in the list. */
async function valuesOf(results: ResultStore, { parts, groupId }: CompleteChord): Promise<unknown[]> {
  const tuple = await results.getGroup(groupId)
  if (tuple === undefined || tuple === null) return parts.map((part) => part.result)
  const header = readResultTuple(tuple)
  const values = new Map(parts.map((part) => [part.taskId, part.result]))
  const missing = leafIds(header).filter((id) => !values.has(id))
  const metas = missing.length > 0 ? await results.get(missing) : []
  for (const meta of metas) if (isDone(meta)) values.set(meta.task_id, meta.result)
  return (header.members ?? []).map((child) => shaped(child, values))
}

function isDone(meta: TaskMeta | undefined): meta is TaskMeta {
  return meta !== undefined && isReady(meta.status)
}

function shaped(node: ResultNode, values: ReadonlyMap<string, unknown>): unknown {
  if (node.members) return node.members.map((child) => shaped(child, values))
  return values.get(node.id) ?? null
}
