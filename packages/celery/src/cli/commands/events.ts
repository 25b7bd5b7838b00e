import type { Command } from 'commander'
import { createControlClient } from '../../control/client.ts'
import { captureEvents } from '../../events/capture.ts'
import type { Io } from '../io.ts'
import { shownJson } from '../json-option.ts'
import { withApp } from './context.ts'

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
        await stopped.promise
        endSignals()
        await listening.stop()
        await control.close()
      })
    })
}
