import type { AppCore } from '../app/app-core.ts'
import type { SignatureData } from '../protocol/message.ts'
import type { ExceptionData } from '../results/port.ts'
import { groupNode, nodeTuple, type ResultNode } from '../results/tree.ts'
import { bodyOf, isChain, isChord, isGroup, listOf, tasksOf } from './data.ts'
import { sendErrbacks } from './errbacks.ts'
import { failCanvas, failChain } from './fail-canvas.ts'
import { freeze } from './freeze.ts'
import { normalise } from './normalise.ts'
import { resultId } from './parts.ts'

export interface ChordFailure {
  /** What the header's task raised: a body that is a group fails with it. */
  original: ExceptionData
  /** What the `ChordError` of any other body says. */
  message: string
}

/**
 * Fails the body of a chord that will not be sent, and all that would have followed it: errbacks are sent as if it had
 * run, and every result of it is a failure, so that nobody waits for one.
 */
export async function failBody(app: AppCore, given: SignatureData, failure: ChordFailure): Promise<void> {
  const { chain, ...options } = given.options
  const body = normalise({ ...given, options })
  freeze(body, { newId: app.options.newId })
  const exception = isGroup(body) ? failure.original : chordError(failure.message)
  const sent: ResultNode[] = []
  for (const { id, errbacks, rootId } of errbacksOf(body)) {
    sent.push(...(await sendErrbacks(app, errbacks, id, rootId)))
  }
  // Celery sends errbacks as a group, and has it for a child of the body.
  const children = sent.length > 0 ? [nodeTuple(groupNode(app.options.newId(), sent))] : []
  const whole = { state: 'FAILURE', exception, traceback: null } as const
  await failCanvas(app, body, whole, { keep: true, children })
  await failChain(app, listOf(chain) as SignatureData[], whole, { keep: true })
}

function chordError(message: string): ExceptionData {
  return { exc_type: 'ChordError', exc_message: [message], exc_module: 'celery.exceptions' }
}

interface Errbacks {
  id: string
  rootId: string | undefined
  errbacks: SignatureData[]
}

/** Whose errbacks are to hear of it: of a group each member's, of a chain its first step's, of a chord its body's. */
function errbacksOf(data: SignatureData, id = resultId(data)): Errbacks[] {
  if (isGroup(data)) return tasksOf(data).flatMap((task) => errbacksOf(task))
  const [first] = isChain(data) ? tasksOf(data) : []
  if (first) return errbacksOf(first, id)
  const body = isChord(data) ? bodyOf(data) : undefined
  if (body) return errbacksOf(body, id)
  if (id === undefined) return []
  return [{ id, rootId: data.options.root_id, errbacks: listOf(data.options.link_error) }]
}
