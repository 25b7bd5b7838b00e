import type { OrdersDeps } from '../deps.ts'
import { ordersProblem } from '../problems.ts'
import { fromBroker } from './broker-refusal.ts'
import type { DeadLetterDetails } from './schemas.ts'
import { shownDetails } from './shown-letter.ts'

type Deps = Pick<OrdersDeps, 'deadLetters'>

/** @throws Problem dead_letter_not_found, store_unavailable */
export async function findDeadLetter({ deadLetters }: Deps, id: string): Promise<DeadLetterDetails> {
  const letter = await fromBroker(deadLetters.get(id))
  if (letter === undefined) throw noSuchLetter(id)
  return shownDetails(letter)
}

/** Forgets a letter for good. @throws Problem dead_letter_not_found, store_unavailable */
export async function dropDeadLetter({ deadLetters }: Deps, id: string): Promise<void> {
  if ((await fromBroker(deadLetters.drop([id]))) === 0) throw noSuchLetter(id)
}

export function noSuchLetter(id: string) {
  return ordersProblem(
    'dead_letter_not_found',
    `there is no dead letter ${id}: it was replayed or dropped, or never was`,
  )
}
