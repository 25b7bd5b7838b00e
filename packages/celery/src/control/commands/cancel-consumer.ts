import { text } from '../arguments.ts'
import { type Command, ok } from '../command.ts'

export const cancelConsumer: Command = {
  kind: 'control',
  help: 'Makes the worker take no more tasks from a queue.',
  signature: '<queue>',
  run: async ({ worker }, args) => {
    const queue = text(args, 'queue')
    await worker.cancelQueue(queue)
    return ok(`no longer consuming from ${queue}`)
  },
}
