import type { Command } from 'commander'
import { type ControlClient, createControlClient } from '../../control/client.ts'
import type { Celery } from '../../create-celery.ts'
import { captureEvents } from '../../events/capture.ts'
import type { Io } from '../io.ts'
import { shownJson } from '../json-option.ts'
import { withApp } from './context.ts'

/** Milliseconds after which all workers are asked for the events of tasks again: some may have started since. */
const askAgainAfter = 2_000

/** Prints what workers tell, as it happens. */
export function addEvents(program: Command, io: Io): void {
  program
    .command('events')
    .description('what workers and tasks do, as it happens: one JSON document a line, until it is stopped')
    .option('--only <pattern>', "which, as AMQP's pattern: task.#, worker.heartbeat", '#')
    .action(async ({ only }: { only: string }, command: Command) => {
      await withApp(command, io, async (app) => {
        const stopped = Promise.withResolvers<void>()
        const endSignals = io.onSignals(['SIGINT', 'SIGTERM'], () => stopped.resolve())
        const control = createControlClient(app)
        const listening = await captureEvents(app, (event) => io.out(shownJson(event)), {
          routingKey: only,
        })
        await control.enableEvents()
        const asking = keepAsking(app, control)
        await stopped.promise
        clearInterval(asking)
        endSignals()
        await listening.stop()
        await control.close()
      })
    })
}

/** As Flower does. A worker says that it is online before it can be told anything, so that it is not asked just then. */
function keepAsking(app: Celery, control: ControlClient): NodeJS.Timeout {
  return setInterval(() => {
    control.enableEvents().catch((error: unknown) => {
      app.options.log.debug({ err: error }, 'the workers could not be asked for the events of tasks')
    })
  }, askAgainAfter)
}
