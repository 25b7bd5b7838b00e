import { afterAll, expect, expectTypeOf, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { chain, chunks, group, map, starmap } from '../../src/canvas/build.ts'
import type { AnySignature, Signature } from '../../src/canvas/signature.ts'
import type { Task } from '../../src/canvas/task-handle.ts'
import { createCelery } from '../../src/create-celery.ts'
import { createWorker } from '../../src/create-worker.ts'
import type { Result } from '../../src/results/handle.ts'
import type { GroupResult } from '../../src/results/handle-group.ts'

const app = createCelery({ broker: 'memory:', results: 'memory:' })
afterAll(() => app.close())

const report = app.task({
  name: 'report',
  params: ['day', 'limit'],
  input: z.object({ day: z.iso.date().transform((text) => new Date(text)), limit: z.number().default(10) }),
  run: ({ day, limit }) => {
    expectTypeOf(day).toEqualTypeOf<Date>()
    expectTypeOf(limit).toEqualTypeOf<number>()
    return day.getTime() + limit
  },
})

const add = app.task({
  name: 'add',
  params: ['x', 'y?', '...more'],
  run: ({ x, y = 0, more }: { x: number; y?: number; more: string[] }) => `${x + y}${more}`,
})

const five = app.task({ name: 'five', run: () => 5 })

/** What is in it is for the compiler alone: types are checked by tsc over all tests. */
function compiled(calls: () => unknown): void {
  expect(calls).toBeTypeOf('function')
}

test('a schema that converts is sent what it takes, and the task gets what it gives', () => {
  compiled(() => [
    report.send({ day: '2026-03-01' }),
    report.send({ day: '2026-03-01', limit: 3 }),
    report.signature({ limit: 3 }),
    report.si({ day: '2026-03-01' }),
    // @ts-expect-error day is missing
    report.send({ limit: 3 }),
    // @ts-expect-error that is what the task gets
    report.send({ day: new Date() }),
    // @ts-expect-error no such argument
    report.send({ day: '2026-03-01', most: 3 }),
    // @ts-expect-error that is what the task gets
    report.signature({ day: new Date() }),
    // @ts-expect-error its arguments are missing
    report.send(),
  ])
  expectTypeOf(report.send).returns.resolves.toEqualTypeOf<Result<number>>()
})

test('types may be given in place of a schema, and generic code may define tasks', () => {
  type Args = { x: number }
  const given = app.task<Args, number>({
    name: 'given',
    params: ['x'],
    input: z.object({ x: z.coerce.number() }),
    run: ({ x }, { retries }) => x + retries,
  })
  function define<Input extends object>(name: string, run: (input: Input) => number): Task<Input, number> {
    return app.task({ name, run })
  }
  function remote<Input extends object>(name: string): Task<Input, number> {
    return app.remote<Input, number>({ name })
  }
  const anything: Task<object, unknown>[] = [given, report, five]
  compiled(() => [
    define('defined', ({ x }: Args) => x).send({ x: 1 }),
    remote<Args>('elsewhere').send({ x: 1 }),
    given.send({ x: 1 }),
    map(report, ['2026-03-01']),
    starmap(add, [[1, 2]]),
    anything,
  ])
})

test('a task that is given its context has the types of its own annotation', () => {
  const noted = app.task({
    name: 'noted',
    params: ['url', 'depth?'],
    run: async ({ url }: { url: string; depth?: number }, { signal }) => url.length + Number(signal.aborted),
  })
  compiled(() => [
    noted.send({ url: 'a' }),
    noted.send(['a', 2]),
    // @ts-expect-error a number
    noted.send(['a', 'b']),
  ])
})

test('a schema that takes whatever comes is sent any object', () => {
  const counted = app.task({
    name: 'counted',
    params: ['count'],
    input: z.preprocess((given) => given, z.object({ count: z.number() })),
    run: ({ count }) => count,
  })
  compiled(() => [counted.send({ count: '3' }), counted.send({ number: 3 }), counted.send(['3'])])
})

test('positional arguments are those of params, in their order', () => {
  compiled(() => [
    report.send(['2026-03-01']),
    report.send(['2026-03-01', 3]),
    add.send([1]),
    add.send([1, 2, 'more', 'and more']),
    add.signature(['what follows the result of the step before']),
    // @ts-expect-error it takes a text
    report.send([3]),
    // @ts-expect-error it takes two
    report.send(['2026-03-01', 3, 4]),
    // @ts-expect-error more are texts
    add.send([1, 2, 3]),
    // @ts-expect-error x is missing
    add.send([]),
  ])
  const noted = app.task({
    name: 'noted in order',
    params: ['id', '...notes'],
    run: ({ id, notes = [] }: { id: number; notes?: string[] }) => `${id}${notes}`,
  })
  compiled(() => [
    noted.send([1]),
    noted.send([1, 'a', 'b']),
    // @ts-expect-error notes are texts
    noted.send([1, 2]),
  ])
  const params: string[] = ['x']
  const made = app.task({ name: 'made', params: params as 'x'[], run: ({ x }: { x: number }) => x })
  compiled(() => [made.send([1, 2])])
})

test('positional arguments of a signature are those of params that follow each other', () => {
  const sum = app.task({
    name: 'sum',
    params: ['numbers', 'label'],
    run: ({ numbers, label }: { numbers: number[]; label: string }) => `${label}${numbers}`,
  })
  const python = app.remote<{ x: number } | [number]>({ name: 'python' })
  const untold = app.remote<{ x: number }>({ name: 'untold' })
  compiled(() => [
    sum.signature(),
    sum.signature([[1], 'what has both']),
    sum.si(['what follows the result of the step before']),
    sum.signature([[1]]).clone({ label: 'by name' }),
    add.signature([1, 2, 'more', 'and more']),
    add.signature([2, 'more']),
    add.si(['more', 'and more']),
    python.si([1]),
    // @ts-expect-error numbers is a list
    sum.signature([1]),
    // @ts-expect-error label comes after numbers
    sum.signature(['label', [1]]),
    // @ts-expect-error it takes two
    sum.si([[1], 'label', 3]),
    // @ts-expect-error more are texts
    add.signature([1, 2, 3]),
    // @ts-expect-error it takes a number
    python.signature(['1']),
    // @ts-expect-error nobody says which it takes
    untold.signature([1]),
  ])
})

test('items of a map are what its task takes as its only argument, those of starmap and chunks all of them', () => {
  const pair = app.task({
    name: 'pair',
    params: ['x', 'y'],
    run: ({ x, y }: { x: number; y: number }) => x + y,
  })
  const pairs = new Map([[1, 2]])
  compiled(() => [
    map(add, [1, 2]),
    map(report, new Set(['2026-03-01'])),
    starmap(pair, [[1, 2]]),
    starmap(pair, pairs),
    starmap(add, [[1], [1, 2, 'more']]),
    chunks(pair, pairs, 10),
    starmap(app.remote({ name: 'python' }), [[1, 'a']]),
    starmap(app.remote<[number, number]>({ name: 'python' }), Object.freeze([[1, 2] as const])),
    // @ts-expect-error x is a number
    map(add, ['1']),
    // @ts-expect-error it takes two
    map(pair, [1]),
    // @ts-expect-error it takes none
    map(five, [1]),
    // @ts-expect-error y is missing
    starmap(pair, [[1]]),
    // @ts-expect-error x is a number
    chunks(pair, [['1', 2]], 10),
    // @ts-expect-error more are texts
    chunks(add, [[1, 2, 3]], 10),
  ])
})

test('a group gives what its members give, in their order', () => {
  type Given<Canvas extends AnySignature> = Awaited<ReturnType<Awaited<ReturnType<Canvas['send']>>['get']>>
  const both = group([five.signature(), add.signature([1])])
  const listed = group([1, 2].map((x) => add.signature([x])))
  const nested = group(five.signature(), group(five.signature(), five.signature()))
  const ended = chain([five.signature(), group(add.signature(), five.signature())])
  const steps = chain([five.signature(), add.signature()])
  expectTypeOf<Given<typeof both>>().toEqualTypeOf<[number, string]>()
  expectTypeOf<Given<typeof listed>>().toEqualTypeOf<string[]>()
  // Its members are those of the group within.
  expectTypeOf<Given<typeof nested>>().toEqualTypeOf<(number | number[])[]>()
  expectTypeOf<Given<typeof ended>>().toEqualTypeOf<[string, number]>()
  expectTypeOf<Given<typeof steps>>().toEqualTypeOf<string>()
  expectTypeOf(listed).toEqualTypeOf<Signature<GroupResult<string>>>()
})

test('params name the arguments that are sent', () => {
  const run = ({ x }: { x: number }) => x
  compiled(() => [
    // @ts-expect-error no such argument
    app.task({ name: 'wrong', params: ['y'], run }),
    // @ts-expect-error x may not be left out
    app.task({ name: 'wrong', params: ['x?'], run }),
  ])
})

test('a task without arguments is sent as it is', () => {
  const remote = app.remote<{ x: number }, number>({ name: 'remote' })
  const unknown = app.remote<{ x?: number }>({ name: 'unknown' })
  const nothing = app.remote<void, string>({ name: 'nothing' })
  expectTypeOf(nothing.send).returns.resolves.toEqualTypeOf<Result<string>>()
  compiled(() => [
    nothing.send(),
    nothing.send(undefined, { countdown: 1 }),
    nothing.signature(),
    // @ts-expect-error it takes none
    nothing.send({ x: 1 }),
    five.send(),
    five.send({}, { countdown: 1 }),
    unknown.send(),
    remote.send({ x: 1 }),
    // @ts-expect-error x is missing
    remote.send(),
    // @ts-expect-error x is missing
    remote.send({}),
    // @ts-expect-error x is a number
    remote.send({ x: 'one' }),
  ])
})

test('send() sends no arguments', async () => {
  const worker = createWorker(app)
  onTestFinished(() => worker.stop())
  await worker.start()
  expect(await (await five.send()).get({ timeout: 5 })).toBe(5)
})
