import { CeleryError, reasonOf } from '../../errors.ts'
import { text } from '../arguments.ts'
import { type Command, type CommandArguments, ok } from '../command.ts'
import { requireTask } from '../require-task.ts'

export const rateLimit: Command = {
  kind: 'control',
  help: 'Sets how many tasks of one name may start in a time.',
  signature: '<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>',
  run: ({ worker }, args) => {
    const task = requireTask(worker, text(args, 'task_name'))
    const limit = limitOf(args)
    try {
      worker.setRateLimit(task, limit)
    } catch (error) {
      const reason = reasonOf(error)
      throw new CeleryError('BAD_ARGUMENTS', `Invalid rate limit string: ${reason}`)
    }
    worker.app.options.log.info({ task, limit }, 'rate limit set by remote control')
    return ok(limit === undefined ? 'rate limit disabled successfully' : 'new rate limit set successfully')
  },
}

/** Text, or a number of tasks a second; 0 and nothing are no limit. */
function limitOf({ rate_limit: limit }: CommandArguments): string | undefined {
  if (limit === undefined || limit === null || limit === '' || Number(limit) === 0) return undefined
  if (typeof limit === 'number') return `${limit}/s`
  if (typeof limit === 'string') return limit
  throw new CeleryError('BAD_ARGUMENTS', 'Invalid rate limit string: write it like 10/m')
}
