import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'
import type { Pace } from './pace.ts'
import type { Requests } from './requests.ts'
import type { Victim } from './shapes.ts'
import { type Tempo, usualCalm } from './tempo.ts'

/** Milliseconds at most from the moment that buyers come to the kill of what has no API. */
const mostBefore = 300

/** Milliseconds that the kill of an API waits for somebody to cut off, and between two looks. */
const [mostWait, pause] = [5_000, 1]

export interface Killing {
  victims: readonly Victim[]
  random: Random
  tempo: Tempo
  pace: Pick<Pace, 'open' | 'share'>
  requests: Requests
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
export async function killInTurn(killing: Killing, signal: AbortSignal): Promise<Killed> {
  const { victims, random, tempo, tell } = killing
  const killed: Killed = { kills: {}, ended: [] }
  const [, mostTurns] = tempo.turns
  let calm = tempo.calm
  for (let turn = 0; turn < mostTurns; turn++) {
    for (const victim of random.shuffled([...victims])) {
      await delay(random.between(...calm) * 1_000, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return killed
      await untilBuyersAreThere(victim, killing, signal)
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

/**
 * Lets the next buyers come, and resolves when the victim is to be killed: soon, and one with an API in the
 * moment that somebody waits for it, while there are more to come.
 */
async function untilBuyersAreThere(
  { api }: Victim,
  { random, pace, requests }: Killing,
  signal: AbortSignal,
): Promise<void> {
  pace.open()
  if (api === undefined) return delay(random.between(0, mostBefore))
  const from = requests.answered + random.below(1 + pace.share / 4)
  const deadline = Date.now() + mostWait
  while (!signal.aborted && Date.now() < deadline) {
    if (requests.answered >= from && requests.isWaitedFor(api)) return
    await delay(pause)
  }
}
