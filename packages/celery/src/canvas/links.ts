import { encodeJson } from '../protocol/json.ts'
import type { SignatureData } from '../protocol/message.ts'
import { bodyOf, headerOf, isChain, isChord, isGroup, listOf, tasksOf, withBody, withTasks } from './data.ts'

/**
 * The signature with one more callback. A chain's is its last step's, and that of each of its tasks where that step is a
 * group; a chord's is its body's; a group's is that of its first task, without the result, as no task of a group has the
 * results of the others (a chord does).
 */
export function withLink(data: SignatureData, callback: SignatureData): SignatureData {
  if (isGroup(data)) {
    const [first, ...rest] = tasksOf(data)
    return first ? withTasks(data, [withLink(first, { ...callback, immutable: true }), ...rest]) : data
  }
  if (isChain(data)) {
    const tasks = tasksOf(data)
    const last = tasks.at(-1)
    if (!last) return data
    const each = (task: SignatureData) => withLink(task, callback)
    const linked = isGroup(last) ? withTasks(last, tasksOf(last).map(each)) : each(last)
    return withTasks(data, [...tasks.slice(0, -1), linked])
  }
  const body = isChord(data) ? bodyOf(data) : undefined
  return body ? withBody(data, withLink(body, callback)) : addOption(data, 'link', callback)
}

/**
 * The signature with one more errback: of every task of a chain or a group, and of a chord's body, to which a failure
 * of its header goes. A chord within a header hears of a failure of its own header alone, so it has the errback too.
 */
export function withErrback(data: SignatureData, errback: SignatureData): SignatureData {
  const each = (task: SignatureData) => withErrback(task, errback)
  if (isGroup(data) || isChain(data)) return withTasks(data, tasksOf(data).map(each))
  const body = isChord(data) ? bodyOf(data) : undefined
  if (!body) return addOption(data, 'link_error', errback)
  const header = headerOf(data).map((task) => (isChord(task) ? each(task) : task))
  return { ...data, kwargs: { ...data.kwargs, header, body: each(body) } }
}

export function withLinks(
  data: SignatureData,
  callbacks: SignatureData[],
  errbacks: SignatureData[],
): SignatureData {
  return errbacks.reduce(withErrback, callbacks.reduce(withLink, data))
}

/** What is there already is not added again. */
function addOption(data: SignatureData, name: 'link' | 'link_error', added: SignatureData): SignatureData {
  const before = listOf(data.options[name])
  const text = encodeJson(added, name)
  if (before.some((one) => encodeJson(one, name) === text)) return data
  return { ...data, options: { ...data.options, [name]: [...before, added] } }
}
