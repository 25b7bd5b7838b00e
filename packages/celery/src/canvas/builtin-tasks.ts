import type { AppCore } from '../app/app-core.ts'
import { bindArguments, validateInput } from '../app/bind-arguments.ts'
import { markBuiltin } from '../app/builtins.ts'
import { currentTask } from '../app/current-task.ts'
import type { AnyTaskDefinition, TaskContext } from '../app/task.ts'
import { CeleryError } from '../errors.ts'
import { celeryExceptions } from '../protocol/celery-exceptions.ts'
import type { SignatureData } from '../protocol/message.ts'
import { readSignature } from '../protocol/signature.ts'
import { nodeTuple } from '../results/tree.ts'
import { applySignature } from './apply.ts'
import { headerOf, makeChord, makeGroup, makeTask } from './data.ts'

/** The tasks that every Celery worker has: those that canvases send, and those that old clients do. */
export function builtinTasks(app: AppCore): AnyTaskDefinition[] {
  const made = [...plainTasks(), ...mapTasks(app), ...canvasTasks(app)]
  markBuiltin(made)
  return made
}

function plainTasks(): AnyTaskDefinition[] {
  return [
    {
      name: 'celery.accumulate',
      params: ['...args'],
      run: ({ args, index }) => {
        const values = list(args)
        return typeof index === 'number' ? values.at(index) : values
      },
    },
    {
      name: 'celery.chain',
      params: ['...args'],
      run: () => {
        const message = 'celery.chain is no task: its steps are sent one after the other.'
        throw new CeleryError('UNSUPPORTED', message)
      },
    },
    // The stores let go of what has expired by themselves.
    { name: 'celery.backend_cleanup', run: () => null },
  ]
}

function mapTasks(app: AppCore): AnyTaskDefinition[] {
  const alone = (item: unknown) => [item]
  const mapping = (name: string, argsOf: (item: unknown) => unknown[]): AnyTaskDefinition => ({
    name,
    params: ['task', 'it'],
    run: ({ task, it }, context) => callEach(app, task, list(it).map(argsOf), context),
  })
  return [mapping('celery.map', alone), mapping('celery.starmap', list)]
}

function canvasTasks(app: AppCore): AnyTaskDefinition[] {
  return [
    {
      name: 'celery.chunks',
      params: ['task', 'it', 'n'],
      run: (kwargs) => applyHere(app, makeTask('celery.chunks', [], kwargs)),
    },
    {
      name: 'celery.group',
      params: ['tasks', 'result', 'group_id', 'partial_args?'],
      run: ({ tasks, group_id: id, partial_args: args }) => {
        const group = makeGroup(list(tasks).map((task) => readSignature(task)))
        return applyHere(app, { ...group, options: { task_id: String(id) } }, list(args))
      },
    },
    {
      name: 'celery.chord',
      params: ['header', 'body', 'partial_args?'],
      run: ({ header, body, partial_args: args }) => {
        const chord = makeChord([], readSignature(body, 'The body of a chord'))
        const members = headerOf({ ...chord, kwargs: { header } })
        return applyHere(app, { ...chord, kwargs: { ...chord.kwargs, header: members } }, list(args))
      },
    },
  ]
}

/** Calls a task of this worker for one list of arguments after the other, within the task that was asked to. */
async function callEach(
  app: AppCore,
  given: unknown,
  calls: unknown[][],
  context: TaskContext,
): Promise<unknown[]> {
  const { task } = readSignature(given, 'The task of a map')
  const definition = app.tasks.get(task)
  if (!definition) throw celeryExceptions.notRegistered(task)
  const values: unknown[] = []
  for (const args of calls) {
    context.signal.throwIfAborted()
    const input = await validateInput(definition, bindArguments(definition, args, {}))
    values.push(await definition.run(input, context))
  }
  return values
}

async function applyHere(app: AppCore, data: SignatureData, args: unknown[] = []): Promise<unknown> {
  const rootId = currentTask()?.rootId
  return nodeTuple(await applySignature(app, data, args, { options: rootId ? { root_id: rootId } : {} }))
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
