import type { Command } from 'commander'
import { createControlClient } from '../../control/client.ts'
import { commands } from '../../control/commands/index.ts'
import { isRecord } from '../../protocol/shape.ts'
import { commandArguments } from '../command-arguments.ts'
import { type Io, UsageError } from '../io.ts'
import { readableJson, shownJson } from '../json-option.ts'
import { names } from '../names.ts'
import { someSeconds } from '../numbers.ts'
import { oneLine } from '../printable.ts'
import { table } from '../table.ts'
import { unknownCommand } from '../unknown-command.ts'
import { withApp } from './context.ts'

interface Options {
  destination?: string[]
  timeout: number
  json?: boolean
}

/** `inspect` asks workers, `control` tells them: the commands of Celery's, on every broker. */
export function addRemoteControl(program: Command, io: Io): void {
  for (const kind of ['inspect', 'control'] as const) {
    const known = new Map(Object.entries(commands).filter(([, command]) => command.kind === kind))
    program
      .command(kind)
      .description(kind === 'inspect' ? 'ask workers something' : 'tell workers to do something')
      .argument('<command>', 'one of those below')
      .argument('[arguments...]', 'in the order below')
      .option('-d, --destination <names>', 'only these workers, with commas between', names)
      .option('-t, --timeout <seconds>', 'how long to wait for answers', someSeconds, 1)
      .option('-j, --json', 'the answers as JSON')
      .addHelpText(
        'after',
        `\n${table([['Commands:'], ...Array.from(known, ([name, command]) => [`  ${name}`, command.signature ?? '', command.help])]).join('\n')}\n`,
      )
      .action(async (name: string, given: string[], options: Options, command: Command) => {
        const args = commandArguments(checkedName(name, kind), given)
        await withApp(command, io, async (app) => {
          const client = createControlClient(app)
          try {
            const { destination, timeout } = options
            const replies = await client.broadcast(name, args, {
              reply: true,
              timeout,
              ...(destination === undefined ? {} : { destination }),
            })
            showReplies(io, replies, options.json ?? false)
          } finally {
            await client.close()
          }
        })
      })
  }
}

type Kind = 'inspect' | 'control'

function checkedName(name: string, kind: Kind): string {
  const found = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (found?.kind === kind) return name
  if (found) throw new UsageError(`${kind} has no command ${name}: it is one of ${found.kind}`)
  throw unknownCommand(
    kind,
    name,
    Object.keys(commands).filter((one) => commands[one]?.kind === kind),
  )
}

/** @throws Error when none has answered, and when none has done it: `celery control` calls that well, a script would not */
export function showReplies(io: Pick<Io, 'out'>, replies: Record<string, unknown>, json: boolean): void {
  const answers = Object.entries(replies)
  if (json) io.out(shownJson(replies))
  else for (const [worker, answer] of answers) io.out(`-> ${oneLine(worker)}: ${readableJson(answer, 2)}`)
  if (answers.length === 0) throw new Error('no worker answered: is one running, with remote control on?')
  if (answers.every(([, answer]) => isRefusal(answer))) throw new Error('every worker that answered refused')
}

function isRefusal(answer: unknown): boolean {
  return isRecord(answer) && typeof answer.error === 'string' && Object.keys(answer).length === 1
}
