import { seconds, text } from '../arguments.ts'
import { type Command, ok } from '../command.ts'
import { requireTask } from '../require-task.ts'

export const timeLimit: Command = {
  kind: 'control',
  help: 'Sets how long tasks of one name may run; what is not said has no limit.',
  signature: '<task_name> <soft_secs> [hard_secs]',
  run: ({ worker }, args) => {
    const task = requireTask(worker, text(args, 'task_name'))
    const limits = { hard: seconds(args, 'hard'), soft: seconds(args, 'soft') }
    worker.setTimeLimits(task, limits)
    worker.app.options.log.info({ task, ...limits }, 'time limits set by remote control')
    return ok('time limits set successfully')
  },
}
