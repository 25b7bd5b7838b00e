import { CeleryError } from '../../errors.ts'
import type { Command } from '../command.ts'

/** Python's worker refuses it too, unless `worker_pool_restarts` is set. */
export const poolRestart: Command = {
  kind: 'control',
  help: 'Not in this worker: start its process anew.',
  run: () => {
    throw new CeleryError('UNSUPPORTED', 'Pool restarts not enabled: start the process of this worker anew')
  },
}
