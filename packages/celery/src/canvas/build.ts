import type { ArgsOf, CallInput, OnlyArg } from '../app/call-input.ts'
import type { SignatureLike } from '../app/send-options.ts'
import { signatureData } from '../app/signature-data.ts'
import { checkValue } from '../options/check.ts'
import { wholeFrom } from '../options/kinds.ts'
import type { SignatureData } from '../protocol/message.ts'
import type { Result } from '../results/handle.ts'
import type { GroupResult } from '../results/handle-group.ts'
import { isGroup, makeChain, makeChord, makeGroup, makeTask, tasksOf } from './data.ts'
import { normalise } from './normalise.ts'
import { type AnySignature, type SendingApp, Signature } from './signature.ts'
import type { Task } from './task-handle.ts'

/** What a member gives in its group's result; one that is a canvas with a group at its end gives a list. */
export type MemberOutput<Members extends readonly AnySignature[]> = Members[number] extends infer Member
  ? Member extends Signature<infer Handle>
    ? OutputOf<Handle>
    : never
  : never

/** What they give together: a tuple where each is one of its members, which one that is a group is not. */
type MemberOutputs<Members extends readonly AnySignature[]> =
  Members[number] extends Signature<Result>
    ? { -readonly [Index in keyof Members]: MemberOutput<[Members[Index]]> }
    : MemberOutput<Members>[]

type OutputOf<Handle> =
  Handle extends Result<infer Output>
    ? Output
    : Handle extends GroupResult<infer Output>
      ? Output | Output[]
      : never

/**
 * One after the other, each with the result of the one before as its first argument. As in Celery, a group that
 * something follows is a chord's header, and a group of one that something follows counts as its task.
 */
export function chain<Handle extends Result | GroupResult>(
  ...steps: [...AnySignature[], Signature<Handle>]
): Signature<Handle>
export function chain<Handle extends Result | GroupResult>(
  steps: readonly [...AnySignature[], Signature<Handle>],
): Signature<Handle>
export function chain(steps?: readonly AnySignature[]): AnySignature
export function chain(...given: readonly unknown[]): AnySignature {
  const steps = listed(given as readonly AnySignature[] | readonly [readonly AnySignature[]])
  return new Signature(appOf(steps), normalise(makeChain(steps.map(signatureData))))
}

/** All at once. A group within a group is part of it. */
export function group<const Members extends readonly AnySignature[]>(
  tasks: Members,
): Signature<GroupResult<MemberOutput<Members>, MemberOutputs<Members>>>
export function group<Members extends readonly AnySignature[]>(
  ...tasks: Members
): Signature<GroupResult<MemberOutput<Members>, MemberOutputs<Members>>>
export function group(...given: readonly unknown[]): Signature<GroupResult> {
  const members = listed(given as readonly AnySignature[] | readonly [readonly AnySignature[]])
  return new Signature<GroupResult>(appOf(members), normalise(makeGroup(members.map(signatureData))))
}

/**
 * The header's tasks at once, and when all are done the body, with the list of their results as its first argument.
 * When one of them fails, the body fails with a `ChordError` in place of being sent. Needs a result store.
 */
export function chord<Handle extends Result | GroupResult>(
  header: readonly AnySignature[] | AnySignature,
  body: Signature<Handle>,
): Signature<Handle> {
  const members = header instanceof Signature ? [header] : header
  const tasks = header instanceof Signature ? membersOf(signatureData(header)) : members.map(signatureData)
  return new Signature<Handle>(appOf([...members, body]), normalise(makeChord(tasks, signatureData(body))))
}

function membersOf(header: SignatureData): SignatureData[] {
  return isGroup(header) ? tasksOf(header) : [header]
}

/** Of an array, the compiler says which item is wrong. */
type Items<Item> = readonly NoInfer<Item>[] | Iterable<NoInfer<Item>>

/**
 * One task after the other for each item, its only positional argument, all within one task: its result is the list of
 * theirs.
 */
export function map<Input extends CallInput, Output>(
  task: Task<Input, Output>,
  items: Items<OnlyArg<Input>>,
): Signature<Result<Output[]>> {
  return mapping('celery.map', task, [...items])
}

/** The same with each item a list of positional arguments. */
export function starmap<Input extends CallInput, Output>(
  task: Task<Input, Output>,
  items: Items<ArgsOf<Input>>,
): Signature<Result<Output[]>> {
  return mapping('celery.starmap', task, [...items])
}

/** A group of starmaps of so many items each. */
export function chunks<Input extends CallInput, Output>(
  task: Task<Input, Output>,
  items: Items<ArgsOf<Input>>,
  size: number,
): Signature<GroupResult<Output[]>> {
  checkValue(size, wholeFrom(1), 'size', 'chunks')
  const data = mapped('celery.chunks', task, { it: [...items], n: size })
  return new Signature(task.app, normalise(data))
}

/** A signature that came as data, such as from Python or out of a queue. */
export function signatureFrom(data: SignatureLike, app?: SendingApp): AnySignature {
  return new Signature(app, normalise(signatureData(data)))
}

function mapping<Input extends CallInput, Output>(name: string, task: Task<Input, Output>, it: unknown[]) {
  return new Signature<Result<Output[]>>(task.app, mapped(name, task, { it }))
}

/** It goes where the task goes whose code it runs. */
function mapped<Input extends CallInput, Output>(
  name: string,
  task: Task<Input, Output>,
  kwargs: Record<string, unknown>,
): SignatureData {
  const called = task.signature().toJSON()
  const { queue } = called.options
  const options = queue === undefined ? {} : { queue }
  return { ...makeTask(name, [], { task: called, ...kwargs }, options), immutable: true }
}

function listed<T>(given: readonly T[] | readonly [readonly T[]]): readonly T[] {
  const [first] = given
  return given.length === 1 && Array.isArray(first) ? (first as readonly T[]) : (given as readonly T[])
}

function appOf(parts: readonly AnySignature[]): SendingApp | undefined {
  return parts.find((part) => part?.app)?.app
}
