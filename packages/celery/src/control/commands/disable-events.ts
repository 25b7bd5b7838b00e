import { type Command, ok } from '../command.ts'

export const disableEvents: Command = {
  kind: 'control',
  help: 'Makes the worker send no more events of its tasks.',
  run: ({ worker }) => {
    if (!worker.eventsEnabled) return ok('task events already disabled')
    worker.setEvents(false)
    worker.app.options.log.info({}, 'task events disabled by remote control')
    return ok('task events disabled')
  },
}
