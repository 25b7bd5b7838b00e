import { CeleryError } from '../../errors.ts'
import type { Command } from '../command.ts'

/** Python's workers can elect one of them to send a task, by the events of their gossip. This worker takes no part. */
export const election: Command = {
  kind: 'control',
  help: 'Not in this worker: it never stands for election.',
  run: () => {
    throw new CeleryError('UNSUPPORTED', 'This worker does not stand for election')
  },
}
