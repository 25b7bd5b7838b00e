import { type Command, ok } from '../command.ts'

export const ping: Command = {
  kind: 'inspect',
  help: 'Asks whether the worker lives.',
  run: () => ok('pong'),
}
