import { CeleryError } from '../../errors.ts'
import type { Command } from '../command.ts'

/** Python's worker refuses it too, unless it was started with `--autoscale`. */
export const autoscale: Command = {
  kind: 'control',
  help: 'Not in this worker: pool_grow and pool_shrink set its size.',
  signature: '[max [min]]',
  run: () => {
    throw new CeleryError('UNSUPPORTED', 'Autoscale not enabled: use pool_grow and pool_shrink')
  },
}
