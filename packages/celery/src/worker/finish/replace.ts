import { runAsTask } from '../../app/current-task.ts'
import { applySignature } from '../../canvas/apply.ts'
import { isGroup, makeChord, makeTask, tasksOf } from '../../canvas/data.ts'
import { withErrback, withLink } from '../../canvas/links.ts'
import type { SignatureData } from '../../protocol/message.ts'
import { persist } from '../persist.ts'
import type { Runtime } from '../runtime.ts'
import type { TaskRequest } from '../task-request.ts'
import { ended } from './ended.ts'
import { acknowledge } from './settle.ts'

/** Another task takes this one's place, with its id and all that was to follow it: its result is this one's. */
export async function replace(runtime: Runtime, request: TaskRequest, given: SignatureData): Promise<void> {
  const { message, context } = request
  const { headers, embed } = message
  let signature = isGroup(given) ? listOfResults(given) : given
  for (const callback of embed.callbacks ?? []) signature = withLink(signature, callback)
  for (const errback of embed.errbacks ?? []) signature = withErrback(signature, errback)
  const options = {
    task_id: headers.id,
    root_id: headers.root_id ?? headers.id,
    replaced_task_nesting: (headers.replaced_task_nesting ?? 0) + 1,
    ...(headers.parent_id && { parent_id: headers.parent_id }),
    ...(headers.group && { group_id: headers.group }),
    ...(typeof headers.group_index === 'number' && { group_index: headers.group_index }),
    ...(embed.chord && { chord: embed.chord }),
  }
  const send = () =>
    applySignature(runtime.app, signature, [], { options, ...(embed.chain && { chain: embed.chain }) })
  await persist(runtime, 'sending a replacement', request.id, () =>
    context ? runAsTask(context, send) : send(),
  )
  ended(runtime, request, 'REPLACED')
  await acknowledge(runtime, request)
}

/** A group gives no single result: what stands for it is a task that takes theirs, Celery's own. */
function listOfResults(group: SignatureData): SignatureData {
  return makeChord(tasksOf(group), makeTask('celery.accumulate', [], { index: 0 }), group.options)
}
