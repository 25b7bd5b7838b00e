/**
 * The tasks that Celery's own integration tests call, in TypeScript and under the names that these tests use. What
 * each must do is read off the tests.
 */
import { appendFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { z } from 'zod'
import {
  type AnySignature,
  chain,
  chord,
  createCelery,
  group,
  type SignatureData,
  signatureFrom,
  type TaskContext,
  TaskError,
  type TaskOptions,
} from '../../src/index.ts'

const { TEST_BROKER = '', TEST_BACKEND = '', REDIS_HOST = 'localhost', REDIS_PORT = '6379' } = process.env

export const app = createCelery({ broker: TEST_BROKER, results: TEST_BACKEND, extendedResults: true })
const redis = new Redis({ host: REDIS_HOST, port: Number(REDIS_PORT), lazyConnect: true })

type Kwargs = Record<string, unknown>

/** A task of the tests' module, whose arguments are taken as they come. */
function task<Input extends object = Kwargs>(
  name: string,
  params: string,
  run: (input: Input, context: TaskContext) => unknown,
  options: TaskOptions = {},
): void {
  const named = params.split(' ').filter(Boolean) as never[]
  app.task<Input, unknown>({ name: `t.integration.tasks.${name}`, params: named, run, ...options })
}

function sig(name: string, ...args: unknown[]) {
  return app.signature(`t.integration.tasks.${name}`, { args })
}

type Addable = number | string | unknown[]

interface Pair {
  x: number
  y: number
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0)
/** As Python adds: numbers, and lists and strings one behind the other. */
const plus = (a: Addable, b: Addable) =>
  Array.isArray(a) && Array.isArray(b) ? [...a, ...b] : (a as number) + (b as number)
const add = ({ x, y, z }: { x: Addable; y: Addable; z?: Addable | null }) =>
  z ? plus(plus(x, y), z) : plus(x, y)

task('identity', 'x', ({ x }) => x)
task('add', 'x y z?', add)
task<Pair>('mul', 'x y', ({ x, y }) => x * y)
app.task({
  name: 't.integration.tasks.add_not_typed',
  params: ['x', 'y'],
  input: z.strictObject({ x: z.number(), y: z.number() }),
  run: ({ x, y }) => x + y,
})
task('add_ignore_result', 'x y', add, { ignoreResult: true })
task('add_with_result', 'x y', add, { ignoreResult: false })
task<{ file_name: string; i: number }>('write_to_file_and_return_int', 'file_name i', async (input) => {
  await appendFile(input.file_name, `${input.i}\n`)
  return input.i
})
task('raise_error', '...args', () => {
  throw new TaskError('ValueError', { args: ['deliberate error'] })
})

task<Pair>('chain_add', 'x y', async ({ x, y }) => {
  await chain(sig('add', x, x), sig('add', y)).send()
})
task<Pair>('chord_add', 'x y', async ({ x, y }) => {
  await chord([sig('add', x, x)], sig('add', y)).send()
})

interface DelayedSum {
  numbers: number[]
  pause_time?: number
}

task<DelayedSum>('delayed_sum', 'numbers pause_time?', async ({ numbers, pause_time = 1 }, { signal }) => {
  await delay(pause_time * 1_000, undefined, { signal })
  return sum(numbers)
})
task<DelayedSum>(
  'delayed_sum_with_soft_guard',
  'numbers pause_time?',
  async ({ numbers, pause_time = 1 }, { signal }) => {
    try {
      await delay(pause_time * 1_000, undefined, { signal })
      return sum(numbers)
    } catch {
      return 0
    }
  },
)
task<{ nums: number[] }>('tsum', 'nums', ({ nums }) => sum(nums))
task<{ nums: (number | number[])[] }>('xsum', 'nums', ({ nums }) => sum(nums.flat()))
task<{ values: number[]; redis_key: string }>('sum_and_record', 'values redis_key', async (input, { id }) => {
  await redis.rpush(input.redis_key, id)
  return sum(input.values)
})

task<Pair>('add_replaced', 'x y', ({ x, y }, context) => context.replace(sig('add', x, y)))
task<{ replacements: number; nesting?: unknown[] }>(
  'record_replaced_task_nesting',
  'replacements nesting?',
  ({ replacements, nesting = [] }, context) => {
    const levels = [...nesting, context.headers.replaced_task_nesting]
    if (!replacements) return levels
    return context.replace(sig('record_replaced_task_nesting', replacements - 1, levels))
  },
)
task<Pair>('add_replaced_with_chain', 'x y', ({ x, y }, context) =>
  context.replace(chain(sig('add', x, y), sig('identity'))),
)

interface Linked {
  args: unknown[]
  link_msg?: string | null
}

const echo = (message?: string | null) =>
  message === undefined || message === null ? sig('redis_echo') : sig('redis_echo', message).immutable()

task<Linked>('replace_with_chain', '...args', (input, context) =>
  context.replace(chain(sig('identity', ...input.args), sig('identity')).link(echo(input.link_msg))),
)
task<Linked>('replace_with_chain_which_raises', '...args', (input, context) =>
  context.replace(chain(sig('identity', ...input.args), sig('raise_error')).linkError(echo(input.link_msg))),
)
task('replace_with_empty_chain', '...args', (_input, context) => context.replace(chain()))
task('replace_with_chain_which_contains_a_group', '', (_input, context) =>
  context.replace(chain(sig('add', 1, 2), group([sig('add', 1), sig('add', 1)]))),
)
task<{ nums: number[]; val: number }>('add_to_all', 'nums val', ({ nums, val }, context) =>
  context.replace(group(nums.map((num) => sig('add', num, val)))),
)

task<{ nums: number[]; val: number }>('add_to_all_to_chord', 'nums val', async ({ nums, val }, context) => {
  for (const num of nums) await context.addToChord(sig('add', num, val))
  return 0
})
task<{ nums: number[]; val: number }>('add_chord_to_chord', 'nums val', async ({ nums, val }, context) => {
  await context.addToChord(chain(group(nums.map((num) => sig('add', num, val))), sig('tsum')))
  return 0
})

task('print_unicode', 'log_message? print_message?', ({ log_message = 'håå®ƒ valmuefrø' }, { log }) => {
  log.warn({}, String(log_message))
})
task<{ i: number }>('sleeping', 'i', async ({ i }, { signal }) => {
  await delay(i * 1_000, undefined, { signal })
})
task('ids', 'i', ({ i }, { rootId, parentId }) => [rootId, parentId, i])
task('collect_ids', 'res i', ({ res, i }, { rootId, parentId }) => [res, [rootId, parentId, i]])

const expected = (...args: unknown[]) =>
  new TaskError('ExpectedException', { module: 't.integration.tasks', args })

const attempts = new Map<string, number>()
task('retry', 'return_value?', ({ return_value }, context) => {
  if (return_value) {
    const attempt = attempts.get(context.name) ?? 0
    attempts.set(context.name, attempt >= 3 ? 0 : attempt + 1)
    if (attempt >= 3) return return_value
  }
  return context.retry({ cause: expected(), countdown: 5 })
})
task<{ foo: unknown; bar: unknown; retry_kwargs: { countdown: number; max_retries: number } }>(
  'retry_unpickleable',
  'foo bar',
  ({ foo, retry_kwargs: { countdown, max_retries: max } }, context) =>
    context.retry({
      cause: new TaskError('UnpickleableException', { module: 't.integration.tasks', args: [foo] }),
      countdown,
      max,
    }),
)
task<{ foo: number; bar: number; label?: string }>(
  'retry_with_args_after_kwargs',
  'foo bar label?',
  ({ foo, bar, label = null as unknown as string }, context) => {
    if (!context.retries) return context.retry({ args: [foo + 1, bar + 1], countdown: 0 })
    return { foo, bar, label, retries: context.retries, is_eager: false }
  },
  { retry: { on: () => false, max: 1 } },
)
task<{ foo: number; bar: number }>(
  'retry_with_kwargs_after_args',
  'foo bar',
  ({ foo, bar }, context) => {
    if (!context.retries) return context.retry({ kwargs: { foo: foo + 1 }, countdown: 0 })
    return { foo, bar, retries: context.retries, is_eager: false }
  },
  { retry: { on: () => false, max: 1 } },
)

const protocolHeaders = new Set(
  'lang task id shadow eta expires group group_index retries timelimit root_id parent_id argsrepr kwargsrepr origin ignore_result replaced_task_nesting stamped_headers stamps'.split(
    ' ',
  ),
)

interface Once {
  expires?: number | null
  max_retries?: number
  countdown?: number
}

function retryOnce(name: string, second: (context: TaskContext) => unknown): void {
  task<Once>(name, '...args', (input, context) => {
    if (context.retries) return second(context)
    return context.retry({ countdown: input.countdown ?? 0.1, max: input.max_retries ?? 1 })
  })
}

retryOnce('retry_once', ({ retries }) => retries)
retryOnce('retry_once_priority', ({ priority }) => priority)
retryOnce('retry_once_headers', ({ headers }) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !protocolHeaders.has(name))),
)
for (const [name, ignoreResult] of [
  ['retry_once_ignore_result', true],
  ['retry_once_with_result', false],
] as const) {
  task(name, '', (_input, context) => context.retries || context.retry({ countdown: 0 }), { ignoreResult })
}

task<{ message: unknown; redis_key?: string }>('redis_echo', 'message redis_key?', async (input) => {
  const { message, redis_key = 'redis-echo' } = input
  await redis.rpush(redis_key, message instanceof Uint8Array ? Buffer.from(message) : String(message))
})
task<{ redis_key?: string }>('redis_echo_group_id', '_ redis_key?', async (input, { groupId }) => {
  await redis.rpush(input.redis_key ?? 'redis-group-ids', String(groupId))
})
task<{ redis_key?: string }>('redis_count', 'redis_key?', async ({ redis_key = 'redis-count' }) => {
  await redis.incr(redis_key)
})

/** Says that it came in, puts a step and itself in its place, and says that it goes out. */
function secondOrder(name: string, letter: string, step: () => AnySignature): void {
  task<{ state?: boolean }>(name, 'state?', async ({ state }, context) => {
    await redis.rpush('redis-echo', `${state ? 'Out' : 'In'} ${letter}`)
    if (state) return
    const again = app.signature(context.name, { kwargs: { state: true } }).immutable()
    context.replace(chain(step(), again))
  })
}
secondOrder('second_order_replace1', 'A', () => sig('second_order_replace2'))
secondOrder('second_order_replace2', 'B', () => sig('redis_echo', 'In/Out C'))

task('build_chain_inside_task', '', () =>
  chain(sig('add', 1, 1), sig('add', 2), group([sig('add', 3), sig('add', 4)]), sig('add', 5)).send(),
)

task<{ args: unknown[] }>('fail', '...args', ({ args }) => {
  throw expected('Task expected to fail', ...args)
})
task<{ args: unknown[] }>('fail_replaced', '...args', ({ args }, context) =>
  context.replace(sig('fail', ...args).immutable()),
)
task<{ foo: unknown }>('fail_unpickleable', 'foo bar', ({ foo }) => {
  throw new TaskError('UnpickleableException', { module: 't.integration.tasks', args: [foo] })
})

task('return_priority', '..._args', (_input, { priority }) => `Priority: ${priority}`)
task('return_request_eta', '', (_input, { headers }) => headers.eta)

const noArguments = () => sig('add')
const nested: Record<string, () => AnySignature> = {
  chain_chain: () => chain(chain(noArguments())),
  chain_group: () => chain(group([noArguments()])),
  chain_chord: () => chain(chord([noArguments()], noArguments())),
  group_chain: () => group([chain(noArguments())]),
  group_group: () => group([group([noArguments()])]),
  group_chord: () => group([chord([noArguments()], noArguments())]),
  chord_chain: () => chord([chain(noArguments())], noArguments()),
  chord_group: () => chord([group([noArguments()])], noArguments()),
  chord_chord: () => chord([chord([noArguments()], noArguments())], noArguments()),
}
for (const [name, make] of Object.entries(nested)) task(`return_nested_signature_${name}`, '', make)
task<{ sig_dict: SignatureData }>('rebuild_signature', 'sig_dict', ({ sig_dict }) => {
  signatureFrom(sig_dict)
})

for (const style of ['old', 'new']) {
  task<{ request_id: string }>(`errback_${style}_style`, 'request_id', async ({ request_id }) => {
    await redis.incr(request_id)
    return request_id
  })
  task<{ request_id: string; label: string }>(
    `errback_${style}_style_with_args`,
    'request_id label',
    async ({ request_id, label }) => {
      await redis.rpush(request_id, label)
    },
  )
}

task('replaced_with_me', '', () => true)
for (const name of ['add_pydantic', 'add_pydantic_string_annotations']) {
  task<{ data: Pair }>(name, 'data', ({ data }) => ({ result: data.x + data.y }))
}

task(
  'reject_then_succeed',
  '',
  (_input, context) => (context.redelivered ? 'second-pass' : context.reject({ requeue: true })),
  { ack: 'late' },
)
task('reject_without_requeue', '', (_input, context) =>
  context.reject({ requeue: false, reason: 'rejected' }),
)

function limits(name: string, declared: [hard: number | null, soft: number | null]): void {
  task(name, '', (_input, { headers }) => {
    const [hard, soft] = (headers.timelimit ?? [null, null]) as typeof declared
    return { time_limit: hard ?? declared[0], soft_time_limit: soft ?? declared[1] }
  })
}
limits('return_request_time_limits', [null, null])
limits('task_with_declared_time_limits', [60, 45])

app.task({
  name: 'auto_retry_class_task',
  run: (_input: Kwargs, { retries }) => {
    if (retries) return retries
    throw new TaskError('ValueError')
  },
  retry: { max: 1 },
})
