import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'
import type { Pace } from './pace.ts'
import type { Victim } from './shapes.ts'
import { type Tempo, usualCalm } from './tempo.ts'

/** Milliseconds at most from the moment that buyers come to the kill, which is to cut off what they ask. */
const mostBefore = 300

export interface Killing {
  victims: readonly Victim[]
  random: Random
  tempo: Tempo
  pace: Pick<Pace, 'open'>
  tell(line: string): void
}

/** What became of the victims. */
export interface Killed {
  /** By name. */
  kills: Record<string, number>
  /** The names of those that had ended by themselves when they were to be killed, which must stay empty. */
  ended: string[]
}

/** Kills all of them in turn, each time in another order, and starts them again. Ends behind a start. */
export async function killInTurn(
  { victims, random, tempo, pace, tell }: Killing,
  signal: AbortSignal,
): Promise<Killed> {
  const killed: Killed = { kills: {}, ended: [] }
  const [, mostTurns] = tempo.turns
  let calm = tempo.calm
  for (let turn = 0; turn < mostTurns; turn++) {
    for (const victim of random.shuffled([...victims])) {
      await delay(random.between(...calm) * 1_000, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return killed
      pace.open()
      await delay(random.between(0, mostBefore))
      const seconds = random.between(...tempo.away)
      if (await victim.kill()) {
        killed.kills[victim.name] = (killed.kills[victim.name] ?? 0) + 1
        tell(`kill -9 of ${victim.name}, away for ${seconds.toFixed(1)} s`)
      } else {
        killed.ended.push(victim.name)
        tell(`${victim.name} is to be killed, and had ended by itself`)
      }
      await delay(seconds * 1_000)
      await victim.start()
      calm = victim.isServer ? usualCalm : tempo.calm
    }
  }
  return killed
}
