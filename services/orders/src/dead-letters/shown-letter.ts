import { isUtf8 } from 'node:buffer'
import type { DeadLetter as Letter } from '@colophon/celery'
import { withoutSecrets } from '@colophon/runtime'
import type { DeadLetter, DeadLetterDetails } from './schemas.ts'

/** Characters of a text that an answer repeats: an error's message may be as long as a task's body. */
const longest = 10_000

/** What a list shows of a letter. */
export function shownLetter({ id, reason, taskId, task, queue, diedAt, worker, error }: Letter): DeadLetter {
  return {
    id,
    reason,
    taskId: taskId ?? null,
    task: task ?? null,
    queue,
    diedAt,
    worker,
    error: { type: error.type, message: shownText(error.message) },
  }
}

/** All of it that people can read. Tasks carry ids of orders and no secrets; what an error says is looked through. */
export function shownDetails(letter: Letter): DeadLetterDetails {
  const { error, history, message } = letter
  return {
    ...shownLetter(letter),
    traceback: error.traceback === undefined ? null : shownText(error.traceback),
    history: history.map((entry) => ({ ...entry, detail: shownText(entry.detail) })),
    message: isUtf8(message.body) ? shownText(message.body.toString()) : null,
  }
}

function shownText(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}...` : text
  return String(withoutSecrets(short))
}
