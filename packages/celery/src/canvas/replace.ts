import type { AppCore } from '../app/app-core.ts'
import { CeleryError } from '../errors.ts'
import type { SignatureData, TaskMessage } from '../protocol/message.ts'
import { readSignature } from '../protocol/signature.ts'
import { applySignature } from './apply.ts'
import {
  bodyOf,
  isChain,
  isChord,
  isGroup,
  makeChord,
  makeTask,
  tasksOf,
  withBody,
  withTasks,
} from './data.ts'
import { withLinks } from './links.ts'
import { isEmpty, normalise } from './normalise.ts'
import { withDelivery, withResult } from './parts.ts'

/**
 * Sends a canvas in a task's place: its result becomes the task's, under the task's id, and what was to follow the task
 * follows it. A group gives a list.
 * @throws CeleryError `BAD_OPTION` for a chain without steps, or a signature that belongs to a chord
 */
export async function replaceTask(app: AppCore, message: TaskMessage, given: SignatureData): Promise<void> {
  const { headers, embed } = message
  const canvas = checked(given)
  const linked = withLinks(canvas, embed.callbacks ?? [], embed.errbacks ?? [])
  const placed = withResult(linked, {
    task_id: headers.id,
    chord: embed.chord,
    group_id: headers.group ?? undefined,
    group_index: headers.group_index ?? undefined,
  })
  const nested = { replaced_task_nesting: (headers.replaced_task_nesting ?? 0) + 1 }
  const nestedAll = isChain(placed)
    ? withTasks(
        placed,
        tasksOf(placed).map((step) => withDelivery(step, nested)),
      )
    : withDelivery(placed, nested)
  const chain = embed.chain?.map((step) => withNesting(step, nested)) ?? []
  const options = {
    root_id: headers.root_id ?? headers.id,
    ...(headers.parent_id ? { parent_id: headers.parent_id } : {}),
  }
  await applySignature(app, nestedAll, [], { options, chain })
}

function checked(given: SignatureData): SignatureData {
  const data = readSignature(given)
  if (data.options.chord) {
    throw new CeleryError('BAD_OPTION', 'A signature that replaces a task must not be part of a chord.')
  }
  const canvas = normalise(data)
  if (isChain(canvas) && isEmpty(canvas)) {
    throw new CeleryError('BAD_OPTION', 'A task cannot be replaced with a chain that has no steps.')
  }
  return gathered(canvas)
}

/** A group's results become one, so that they can be the result of the task. */
function gathered(data: SignatureData): SignatureData {
  if (isGroup(data)) return makeChord(tasksOf(data), makeTask('celery.accumulate', [], { index: 0 }))
  const steps = isChain(data) ? tasksOf(data) : []
  const last = steps.at(-1)
  if (last) return withTasks(data, [...steps.slice(0, -1), gathered(last)])
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? withBody(data, gathered(body)) : data
}

function withNesting(step: SignatureData, nested: { replaced_task_nesting: number }): SignatureData {
  const data = readSignature(step)
  return { ...data, options: { ...data.options, ...nested } }
}
