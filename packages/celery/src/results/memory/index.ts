import { randomUUID } from 'node:crypto'
import { CeleryError } from '../../errors.ts'
import { type Checks, checkOptions } from '../../options/check.ts'
import { seconds, wholeFrom } from '../../options/kinds.ts'
import { decodeJson, encodeJson } from '../../protocol/json.ts'
import { decodeMeta, encodeMeta } from '../../protocol/meta.ts'
import type { ResultStore, TaskMeta } from '../port.ts'
import { MemoryChords } from './chords.ts'
import { Expiring } from './expiring.ts'
import { MemoryWatches } from './watches.ts'

/** How much is kept, and how long. */
export interface MemoryResultsOptions {
  /** Seconds that results, groups and chords are kept: 86,400 when absent. */
  expires?: number
  /** Results that are kept at most: the oldest go first. 100,000 when absent. */
  maxResults?: number
}

const checks: Checks<MemoryResultsOptions> = { expires: seconds, maxResults: wholeFrom(1) }

/** What all stores of one name share. */
class Memory {
  /** As JSON, so that what is read is what any other store would give. */
  readonly metas: Expiring<string>
  readonly groups: Expiring<string>
  readonly starts: Expiring<{ count: number; mark: string }>
  readonly chords: MemoryChords
  readonly watches = new MemoryWatches()
  users = 0

  constructor({ expires = 86_400, maxResults = 100_000 }: MemoryResultsOptions) {
    this.metas = new Expiring(expires, maxResults)
    this.groups = new Expiring(expires, maxResults)
    this.starts = new Expiring(86_400, maxResults)
    this.chords = new MemoryChords(expires, maxResults)
  }
}

const memories = new Map<string, Memory>()

/**
 * Keeps results in this process: for tests, and for an app whose client and worker are one process.
 * @param url `memory:` or `memory:NAME`: stores of one name that are open at the same time share what they keep, with the
 *   options of the first; it is gone when the last of them is closed
 * @throws CeleryError `BAD_OPTION`
 */
export function createMemoryResults(url = 'memory:', options: MemoryResultsOptions = {}): ResultStore {
  checkOptions(options, checks, 'createMemoryResults')
  const name = nameOf(url)
  let memory: Memory | undefined

  function opened(): Memory {
    if (memory === undefined)
      throw new CeleryError('CLOSED', 'The result store is not open: call open() first')
    return memory
  }

  return {
    kind: 'memory',
    async open() {
      if (memory !== undefined) return
      memory = memories.get(name) ?? new Memory(options)
      memories.set(name, memory)
      memory.users++
    },
    async close() {
      if (memory !== undefined && --memory.users === 0) memories.delete(name)
      memory = undefined
    },
    describe: () => `memory:${name}`,
    ...states(opened),
    ...groups(opened),
    ...chords(opened),
    ...starts(opened),
  }
}

function states(opened: () => Memory): Pick<ResultStore, 'store' | 'get' | 'forget' | 'watch'> {
  return {
    async store(meta) {
      const { metas, watches } = opened()
      const known = metas.get(meta.task_id)
      if (known !== undefined && decodeMeta(known).status === 'SUCCESS') return
      const text = encodeMeta(meta)
      metas.set(meta.task_id, text)
      watches.tell(meta.task_id, text)
    },
    async get(taskIds) {
      const { metas } = opened()
      return taskIds.map((id) => decoded(metas.get(id)))
    },
    async forget(taskIds) {
      const { metas } = opened()
      for (const id of taskIds) metas.delete(id)
    },
    async watch(taskIds, onMeta) {
      const { metas, watches } = opened()
      return watches.watch(taskIds, onMeta, (id) => metas.get(id))
    },
  }
}

function groups(opened: () => Memory): Pick<ResultStore, 'storeGroup' | 'getGroup' | 'forgetGroup'> {
  return {
    async storeGroup(groupId, result) {
      opened().groups.set(groupId, encodeJson(result, 'group'))
    },
    async getGroup(groupId) {
      const text = opened().groups.get(groupId)
      return text === undefined ? undefined : decodeJson(text)
    },
    async forgetGroup(groupId) {
      opened().groups.delete(groupId)
    },
  }
}

function chords(
  opened: () => Memory,
): Pick<ResultStore, 'setChordSize' | 'growChord' | 'addChordPart' | 'forgetChord'> {
  return {
    async setChordSize(groupId, size) {
      opened().chords.setSize(groupId, size)
    },
    async growChord(groupId, by) {
      opened().chords.grow(groupId, by)
    },
    async addChordPart(groupId, part) {
      return opened().chords.add(groupId, part)
    },
    async forgetChord(groupId) {
      opened().chords.forget(groupId)
    },
  }
}

function starts(opened: () => Memory): Pick<ResultStore, 'countStart' | 'forgetStarts'> {
  return {
    async countStart(taskId, mark = randomUUID()) {
      const { starts } = opened()
      const last = starts.get(taskId)
      if (last?.mark === mark) return last.count - 1
      const before = last?.count ?? 0
      starts.set(taskId, { count: before + 1, mark })
      return before
    },
    async forgetStarts(taskId) {
      opened().starts.delete(taskId)
    },
  }
}

function decoded(text: string | undefined): TaskMeta | undefined {
  return text === undefined ? undefined : decodeMeta(text)
}

function nameOf(url: string): string {
  const name = /^memory:(?:\/\/)?(.*)$/.exec(url)?.[1]
  if (name === undefined)
    throw new CeleryError('BAD_OPTION', 'The URL of results in memory is memory: or memory:NAME')
  return name
}
