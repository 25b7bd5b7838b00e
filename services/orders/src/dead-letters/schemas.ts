import { literals } from '@colophon/catalog'
import { deathReasons } from '@colophon/celery'
import { nullable, timestamp, uuid } from '@colophon/http'
import Type, { type Static } from 'typebox'

export const Reason = literals(deathReasons, { description: 'Why no worker runs it any more' })

/** A task that was put aside. */
export const DeadLetter = Type.Object(
  {
    id: uuid(),
    reason: Reason,
    taskId: nullable(Type.String({ description: 'Null where the message could not be read' })),
    task: nullable(Type.String({ examples: ['orders.charge'] })),
    queue: Type.String({ description: 'Where it came from, and where a replay sends it' }),
    diedAt: timestamp(),
    worker: Type.String({ description: 'Who gave up' }),
    error: Type.Object({ type: Type.String(), message: Type.String() }),
  },
  { title: 'DeadLetter', additionalProperties: false },
)
export type DeadLetter = Static<typeof DeadLetter>

/** The same with all that is known of it. */
export const DeadLetterDetails = Type.Object(
  {
    ...DeadLetter.properties,
    traceback: nullable(Type.String()),
    history: Type.Array(
      Type.Object(
        { at: Type.String(), event: Type.String(), detail: Type.String() },
        { additionalProperties: false },
      ),
      { description: 'Retries and losses of workers before, the oldest first' },
    ),
    message: nullable(
      Type.String({ description: 'The arguments as they came; cut when long, null where they are not text' }),
    ),
  },
  { title: 'DeadLetterDetails', additionalProperties: false },
)
export type DeadLetterDetails = Static<typeof DeadLetterDetails>

/** A dead letter that was sent again. */
export const Replayed = Type.Object(
  {
    id: uuid({ description: 'Of the dead letter, which is gone now' }),
    taskId: nullable(Type.String({ description: 'Under which it runs; null for a message that has none' })),
  },
  { title: 'ReplayedDeadLetter', additionalProperties: false },
)
export type Replayed = Static<typeof Replayed>

/** What became of those that were to be sent again. */
export const ReplayedMany = Type.Object(
  {
    replayed: Type.Array(Replayed),
    refused: Type.Array(
      Type.Object({ id: uuid(), message: Type.String() }, { additionalProperties: false }),
      { description: 'Those that could not be sent, and stay' },
    ),
    hasMore: Type.Boolean({ description: 'Whether there are more: ask again' }),
  },
  { title: 'ReplayedDeadLetters', additionalProperties: false },
)
export type ReplayedMany = Static<typeof ReplayedMany>

const name = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 200, description }))

/** Which dead letters are meant; all that is given must hold. */
export const deadLetterFilters = {
  task: name('Only of this task'),
  queue: name('Only from this queue'),
  reason: Type.Optional(Reason),
}
