import { type Command, ok } from '../command.ts'

export const enableEvents: Command = {
  kind: 'control',
  help: 'Makes the worker send the events of its tasks.',
  run: ({ worker }) => {
    if (worker.eventsEnabled) return ok('task events already enabled')
    worker.setEvents(true)
    worker.app.options.log.info({}, 'task events enabled by remote control')
    return ok('task events enabled')
  },
}
