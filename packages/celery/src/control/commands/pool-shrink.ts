import { count } from '../arguments.ts'
import { type Command, ok } from '../command.ts'

export const poolShrink: Command = {
  kind: 'control',
  help: 'Lets the worker run fewer tasks at once, never less than one.',
  signature: '[N=1]',
  run: async ({ worker }, args) => {
    await worker.resize(-count(args, 'n'))
    return ok('pool will shrink')
  },
}
