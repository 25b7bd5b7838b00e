import { type Command, ok } from '../command.ts'

export const shutdown: Command = {
  kind: 'control',
  help: 'Ends the worker when the tasks that run are finished.',
  run: ({ worker }) => {
    worker.app.options.log.warn({}, 'shutdown by remote control')
    worker.shutDown()
    return ok('shutting down')
  },
}
