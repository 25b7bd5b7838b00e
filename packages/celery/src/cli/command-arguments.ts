import { commands } from '../control/commands/index.ts'
import { UsageError } from './io.ts'

/** The order in which commands take their arguments on the command line, as `celery` does; `...name` takes all that follow. */
const positions: Readonly<Record<string, readonly string[]>> = {
  add_consumer: ['queue', 'exchange', 'exchange_type', 'routing_key'],
  autoscale: ['max', 'min'],
  cancel_consumer: ['queue'],
  pool_grow: ['n'],
  pool_shrink: ['n'],
  query_task: ['...ids'],
  rate_limit: ['task_name', 'rate_limit'],
  registered: ['...taskinfoitems'],
  revoke: ['...task_id'],
  terminate: ['signal', '...task_id'],
  time_limit: ['task_name', 'soft', 'hard'],
}

/** Commands that do nothing without one of what they take at the end, though Celery's signature does not say so. */
const needsOne: Readonly<Record<string, string>> = {
  revoke: 'the id of a task',
  revoke_by_stamped_headers: 'key=value',
  terminate: 'the id of a task',
}

/** Arguments that are numbers on the wire. */
const numbers = new Set(['max', 'min', 'n', 'soft', 'hard'])

/** @throws UsageError for more arguments than the command takes, or fewer than it needs */
export function commandArguments(command: string, given: readonly string[]): Record<string, unknown> {
  const names = positions[command] ?? []
  const signature = commands[command]?.signature?.match(/<[^>]+>/g) ?? []
  const required = [...signature, ...(needsOne[command] === undefined ? [] : [needsOne[command]])]
  if (given.length < required.length) {
    throw new UsageError(`${command}: ${required.slice(given.length).join(' ')} must be given too`)
  }
  if (command === 'revoke_by_stamped_headers') return { headers: stampedHeaders(given) }
  const args: Record<string, unknown> = {}
  for (const [index, text] of given.entries()) {
    const name = names[Math.min(index, names.length - 1)]
    const isRest = name?.startsWith('...')
    if (name === undefined || (index >= names.length && !isRest)) {
      throw new UsageError(`${[command, ...names].join(' ')}: ${text} is one argument too many`)
    }
    if (isRest) args[name.slice(3)] = [...((args[name.slice(3)] as string[] | undefined) ?? []), text]
    else args[name] = numbers.has(name) ? numberOf(command, name, text) : text
  }
  return args
}

function numberOf(command: string, name: string, text: string): number {
  const number = Number(text)
  if (text === '' || Number.isNaN(number))
    throw new UsageError(`${command}: ${name} must be a number, not ${text}`)
  return number
}

/** `key=value`, as often as is wanted. */
function stampedHeaders(given: readonly string[]): Record<string, string[]> {
  const headers: Record<string, string[]> = {}
  for (const text of given) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
    if (key === undefined || value === undefined) throw new UsageError(`${text}: key=value was expected`)
    headers[key] = [...(headers[key] ?? []), value]
  }
  return headers
}
