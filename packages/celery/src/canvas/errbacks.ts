import type { AppCore } from '../app/app-core.ts'
import { forEachBounded } from '../async/for-each-bounded.ts'
import { isRefused } from '../errors.ts'
import type { SignatureData } from '../protocol/message.ts'
import type { ResultNode } from '../protocol/result-tuple.ts'
import { applySignature } from './apply.ts'
import { sentAtOnce } from './publish.ts'

/**
 * Sends errbacks with the id of what failed, the form that a task in any worker can take. One that is no signature is
 * logged and left out: it must not keep the others from being sent.
 * @returns where their results will be found, in the order of the errbacks
 */
export async function sendErrbacks(
  app: AppCore,
  errbacks: readonly SignatureData[],
  taskId: string,
  rootId: string | null | undefined,
): Promise<ResultNode[]> {
  const options = { parent_id: taskId, root_id: rootId ?? taskId }
  const sent: (ResultNode | undefined)[] = errbacks.map(() => undefined)
  await forEachBounded([...errbacks.entries()], sentAtOnce, async ([index, errback]) => {
    try {
      sent[index] = await applySignature(app, errback, [taskId], { options })
    } catch (error) {
      if (!isRefused(error)) throw error
      app.options.log.error({ err: error, taskId }, 'an errback cannot be sent')
    }
  })
  return sent.filter((node) => node !== undefined)
}
