import { CeleryError } from '../../errors.ts'
import type { Command } from '../command.ts'

export const memdump: Command = {
  kind: 'inspect',
  help: 'Not in this worker: a Node.js heap snapshot tells more.',
  signature: '[n_samples=10]',
  run: () => {
    throw new CeleryError('UNSUPPORTED', 'This worker keeps no samples of its memory: ask for memsample')
  },
}
