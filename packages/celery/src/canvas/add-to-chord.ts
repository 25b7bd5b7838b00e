import type { AppCore } from '../app/app-core.ts'
import { CeleryError } from '../errors.ts'
import type { SignatureData, TaskMessage } from '../protocol/message.ts'
import type { ResultNode } from '../results/tree.ts'
import { applySignature } from './apply.ts'
import { chordSize } from './chord-size.ts'
import { normalise } from './normalise.ts'
import { withResult } from './parts.ts'

/**
 * Sends a canvas that becomes a further part of the chord whose header the running task is part of: Celery's
 * `add_to_chord`. To be called before the task ends; a task that runs again after a crash adds it again.
 * When it cannot be sent, the chord does not wait for it.
 * @throws CeleryError `BAD_OPTION` when the task is no part of a chord, `NO_RESULTS` when the app keeps no results
 */
export async function addToChord(
  app: AppCore,
  message: TaskMessage,
  given: SignatureData,
): Promise<ResultNode> {
  const { headers, embed } = message
  const { group, group_index: index } = headers
  if (!embed.chord || !group) {
    throw new CeleryError(
      'BAD_OPTION',
      `Task ${headers.task} is no part of a chord, so nothing can be added to it.`,
    )
  }
  const results = await app.results()
  if (!results)
    throw new CeleryError('NO_RESULTS', 'A chord needs a result store: give createCelery the option results.')
  const place = { chord: embed.chord, group_id: group, group_index: index ?? undefined }
  const canvas = withResult(normalise(given), place)
  const size = chordSize(canvas)
  // Counted before it is sent: it may be done before this goes on.
  await results.growChord(group, size)
  try {
    return await applySignature(app, canvas, [], { options: { root_id: headers.root_id ?? headers.id } })
  } catch (error) {
    await results.growChord(group, -size).catch((failure: unknown) => {
      app.options.log.error({ group, err: failure }, 'a chord waits for a part that could not be sent')
    })
    throw error
  }
}
