import type { Command } from 'commander'
import type { SendOptions } from '../../app/send-options.ts'
import type { CallArguments, Celery } from '../../create-celery.ts'
import type { Io } from '../io.ts'
import { jsonList, jsonObject, shownJson } from '../json-option.ts'
import { seconds, wholeNumber } from '../numbers.ts'
import { withApp } from './context.ts'

interface Options extends CallArguments {
  countdown?: number
  expires?: number
  queue?: string
  priority?: number
  wait?: boolean | number
}

/** Sends a task by its name, and can wait for what it gives. */
export function addCall(program: Command, io: Io): void {
  program
    .command('call')
    .description('send a task by its name; prints its id, or with --wait its result')
    .argument('<task>', "the task's name")
    .option('-a, --args <json>', 'positional arguments, a JSON list', jsonList)
    .option('-k, --kwargs <json>', 'keyword arguments, a JSON object', jsonObject)
    .option('--countdown <seconds>', 'not before so many seconds', seconds)
    .option('--expires <seconds>', 'not after so many seconds', seconds)
    .option('--queue <name>', 'the queue, which is made if it is not there')
    .option('--priority <number>', '0 to 255', wholeNumber(0, 255))
    .option('--wait [seconds]', 'wait for the result, so long at most', seconds)
    .action(async (task: string, options: Options, command: Command) => {
      await withApp(command, io, (app) => call(app, io, task, options))
    })

  program
    .command('result')
    .description("a task's state and what is kept of it, as JSON; PENDING is what nothing is known of")
    .argument('<id>', "the task's id")
    .action(async (id: string, _options: object, command: Command) => {
      await withApp(command, io, async (app) => {
        io.out(shownJson((await app.result(id).info()) ?? { task_id: id, status: 'PENDING' }))
      })
    })
}

async function call(app: Celery, io: Io, task: string, options: Options): Promise<void> {
  const { args = [], kwargs = {}, wait, ...sending } = options
  // Before it is sent: else it would run, and nobody could wait for it.
  if (wait !== undefined) await app.store()
  const result = await app.send(task, { args, kwargs }, sending satisfies SendOptions)
  if (wait === undefined) io.out(result.id)
  else io.out(shownJson(await result.get(wait === true ? {} : { timeout: Number(wait) })))
}
