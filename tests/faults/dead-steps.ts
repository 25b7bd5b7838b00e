import type { Step } from '../../services/orders/src/process/next-steps.ts'
import type { Staff } from '../support/staff.ts'

/** What moves orders on, and must not become a dead letter while servers are away. */
const every: Record<Step, true> = { charge: true, confirm: true, expire: true, settle: true, refund: true }
const steps = Object.keys(every).map((step) => `orders.${step}`)

/** Of a step that was in hand at five kills in a row, which the trial makes: the sweeper has it done all the same. */
const killed = 'worker_lost'

interface Letters {
  items: { task: string | null; reason: string }[]
  nextCursor: string | null
}

/** Tells of all dead letters. @returns those of orders' steps that no kill explains, and those that nobody can read */
export async function deadSteps(staff: Pick<Staff, 'get'>, tell: (line: string) => void): Promise<unknown[]> {
  const letters = await allLetters(staff)
  for (const letter of letters) tell(`a dead letter: ${JSON.stringify(letter)}`)
  return letters.filter(({ task, reason }) => task === null || (steps.includes(task) && reason !== killed))
}

/** From page to page: one may be empty, and have more behind it. */
async function allLetters(staff: Pick<Staff, 'get'>): Promise<Letters['items']> {
  const letters: Letters['items'] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page: Letters = await staff.get<Letters>(`/api/dead-letters?limit=100${from}`)
    letters.push(...page.items)
    cursor = page.nextCursor
  }
  return letters
}
