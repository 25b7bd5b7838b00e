import type { AppCore } from '../app/app-core.ts'
import type { DeadLetter, DeadLetterQuery } from '../brokers/dead-letter-store.ts'

/** Some brokers look through all letters for each page, so it is the largest there is. */
const largestPage = 1_000

/**
 * Pages of the letters that the query finds, for those who remove each page before they ask for the next. Ends at
 * the letters that came after it began: what a replay sends may die again, and would else be replayed for ever.
 */
export async function* takePages(app: AppCore, query: DeadLetterQuery): AsyncGenerator<DeadLetter[]> {
  const { deadLetters } = await app.broker()
  const begin = app.options.now()
  const asked: DeadLetterQuery = { limit: largestPage, ...query }
  for (let from = asked; ; ) {
    const { letters, next } = await deadLetters.list(from)
    const older = letters.filter(({ diedAt }) => new Date(diedAt) <= begin)
    if (older.length > 0) yield older
    if (older.length < letters.length) return
    if (letters.length === 0 && next === undefined) return
    // Of RabbitMQ's only so many are in sight: once these are removed, those behind are.
    from = next === undefined ? asked : { ...asked, after: next }
  }
}
