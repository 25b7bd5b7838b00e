import type { Command } from '../command.ts'

export const memsample: Command = {
  kind: 'inspect',
  help: 'Tells the memory that the worker uses.',
  run: () => `${(process.memoryUsage.rss() / 2 ** 20).toFixed(2)}MB`,
}
