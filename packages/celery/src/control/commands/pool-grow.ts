import { count } from '../arguments.ts'
import { type Command, ok } from '../command.ts'

export const poolGrow: Command = {
  kind: 'control',
  help: 'Lets the worker run more tasks at once.',
  signature: '[N=1]',
  run: async ({ worker }, args) => {
    await worker.resize(count(args, 'n'))
    return ok('pool will grow')
  },
}
