import { setTimeout as delay } from 'node:timers/promises'
import type { Queryable } from '@colophon/postgres'
import { unfinished } from './verdict.ts'

/** Milliseconds between two looks, and between two lines that tell of them. */
const [pause, silence] = [500, 10_000]

/** Until nothing is to be done any more, or so many milliseconds are over. */
export async function comeToRest(
  database: Queryable,
  patience: number,
  tell: (line: string) => void,
): Promise<void> {
  const deadline = Date.now() + patience
  let said = Date.now()
  for (;;) {
    // PostgreSQL may be coming back yet.
    const left = await unfinished(database).catch(() => undefined)
    if (left === 0) return
    const isOver = Date.now() > deadline
    if (isOver || Date.now() - said > silence) {
      said = Date.now()
      tell(
        `${left ?? 'unknown'} orders, messages, mails or books ${isOver ? 'did not come to' : 'are not at'} rest`,
      )
    }
    if (isOver) return
    await delay(pause)
  }
}
