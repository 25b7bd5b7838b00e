import type { AppCore } from '../app/app-core.ts'
import type { DeadLetter, DeadLetterQuery } from '../brokers/dead-letter-store.ts'

/** Some brokers look through all letters for each page, so it is the largest there is. */
const largestPage = 1_000

/**
 * Pages of the letters that the query finds, for those who remove each page before they ask for the next. Ends at
 * the letters that came after it began, by the clock of the worker that they died on.
 * @param isLeft those that stay where they are, whatever that clock said
 */
export async function* takePages(
  app: AppCore,
  query: DeadLetterQuery,
  isLeft: (letter: DeadLetter) => boolean = () => false,
): AsyncGenerator<DeadLetter[]> {
  const { deadLetters } = await app.broker()
  const begin = app.options.now()
  const asked: DeadLetterQuery = { limit: largestPage, ...query }
  for (let from = asked; ; ) {
    const { letters, next } = await deadLetters.list(from)
    const older = letters.filter(({ diedAt }) => new Date(diedAt) <= begin)
    const taken = older.filter((letter) => !isLeft(letter))
    if (taken.length > 0) yield taken
    if (older.length < letters.length) return
    if (taken.length === 0 && next === undefined) return
    // The order of RabbitMQ's queue is not quite that of the deaths: an older one may be behind those looked through.
    from = next === undefined ? asked : { ...asked, after: next }
  }
}
