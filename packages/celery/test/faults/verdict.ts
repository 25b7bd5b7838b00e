import type { TaskMeta } from '../../src/results/port.ts'
import type { EffectsReader } from './effects.ts'
import { type Sent, type TaskKind, taskKinds } from './load.ts'
import { concurrency } from './worker-process.ts'

/** What became of the tasks of one kind. */
export interface KindCount {
  kind: TaskKind
  sent: number
  /** Sent more than once, as no confirm came. */
  sentAgain: number
  /** Began more often than it takes, though it was sent once: for a worker or a connection that was lost. */
  ranAgain: number
  /** The most runs that one of these took. */
  mostRuns: number
  /** Without its effect; of those acknowledged late there must be none. */
  noEffect: number
  /** Its effect is there, but not its result; likewise. */
  noResult: number
}

export interface Verdict {
  kinds: KindCount[]
  /** What must not be, in words. */
  faults: string[]
}

/** Late at most by so many milliseconds, as clocks are read at different moments. */
const clockSlack = 5

/** What was sent is held against effects and results. */
export function judge(
  sent: readonly Sent[],
  effects: EffectsReader,
  metas: ReadonlyMap<string, TaskMeta>,
): Verdict {
  const faults: string[] = []
  const kinds = taskKinds.map((kind) => {
    const count = { kind, sent: 0, sentAgain: 0, ranAgain: 0, mostRuns: 0, noEffect: 0, noResult: 0 }
    for (const task of sent) {
      if (task.kind !== kind) continue
      const found = judgeOne(task, effects, metas.get(task.id))
      count.sent += 1
      count.sentAgain += Number(task.send.attempts > 1)
      count.ranAgain += Number(found.runs > task.runs && task.send.attempts === 1)
      count.mostRuns = Math.max(count.mostRuns, found.runs)
      count.noEffect += Number(!found.hasEffect)
      count.noResult += Number(found.hasEffect && !found.hasResult)
      faults.push(...found.faults)
    }
    return count
  })
  return { kinds, faults }
}

function judgeOne(task: Sent, effects: EffectsReader, meta: TaskMeta | undefined) {
  const { id, kind, value, notBefore } = task
  const done = effects.of(id).filter(({ step }) => step === 'done')
  const begun = effects.of(id).filter(({ step }) => step === 'begun')
  const hasEffect = hasAllEffects(task, effects)
  const hasResult = meta?.status === 'SUCCESS'
  const faults: string[] = []
  if (kind !== 'early' && !hasEffect) {
    faults.push(`${kind} ${id} is lost: ${done.length} effects, state ${meta?.status ?? 'PENDING'}`)
  } else if (kind !== 'early' && !hasResult) {
    faults.push(`${kind} ${id} has its effect, but state ${meta?.status ?? 'PENDING'}`)
  }
  if (hasResult && Number(meta.result) !== value) {
    faults.push(`${kind} ${id} has the result ${meta.result}, not ${value}`)
  }
  if (done.some(({ at }) => at < notBefore - clockSlack)) faults.push(`${kind} ${id} ran before its time`)
  return { runs: begun.length, hasEffect, hasResult, faults }
}

/** One of every run that it takes: a task that is retried has one of its retry. */
export function hasAllEffects({ id, runs }: Sent, effects: EffectsReader): boolean {
  const retries = new Set<number>()
  for (const effect of effects.of(id)) if (effect.step === 'done') retries.add(effect.retries)
  return retries.size >= runs
}

/** How many that are acknowledged early may be lost with so many kills: those that a worker had in hand to run. */
export function mostEarlyLost(workerKills: number): number {
  return workerKills * concurrency
}

export function earlyLost(kinds: readonly KindCount[]): number {
  const early = kinds.find(({ kind }) => kind === 'early')
  return early ? early.noEffect + early.noResult : 0
}
