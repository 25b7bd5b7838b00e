import type { Command } from '../command.ts'

export const clock: Command = {
  kind: 'inspect',
  help: 'Tells the logical clock.',
  run: ({ worker }) => ({ clock: worker.app.clock.value }),
}
