import type { Command } from '../command.ts'

export const revoked: Command = {
  kind: 'inspect',
  help: 'Lists the ids of revoked tasks.',
  run: ({ worker }) => worker.revoked(),
}
