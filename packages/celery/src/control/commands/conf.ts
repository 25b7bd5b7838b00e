import type { Command } from '../command.ts'
import { settingsOf } from '../settings.ts'

export const conf: Command = {
  kind: 'inspect',
  help: 'Lists the settings, with defaults and without passwords.',
  signature: '[include_defaults=False]',
  run: ({ worker }) => settingsOf(worker),
}
