import { CeleryError } from '../../errors.ts'
import type { Command } from '../command.ts'

export const objgraph: Command = {
  kind: 'inspect',
  help: 'Not in this worker: a Node.js heap snapshot tells more.',
  signature: '[object_type=Request] [num=200 [max_depth=10]]',
  run: () => {
    throw new CeleryError('UNSUPPORTED', 'This worker has no graph of Python objects: take a heap snapshot')
  },
}
