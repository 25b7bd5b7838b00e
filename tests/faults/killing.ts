import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../../packages/celery/testing/random.ts'
import type { Pace } from './pace.ts'
import type { Victim } from './shapes.ts'

/** Seconds between two kills, at least and at most, and how long a killed server stays away. */
const [calm, away] = [
  [2, 5],
  [0, 3],
] as const

/** Kills all of them in turn, each time in another order, and starts them again. @returns kills by victim */
export async function killInTurn(
  victims: readonly Victim[],
  random: Random,
  signal: AbortSignal,
  pace: Pick<Pace, 'killed'>,
  tell: (line: string) => void,
): Promise<Record<string, number>> {
  const kills: Record<string, number> = {}
  let turn: Victim[] = []
  while (!signal.aborted) {
    await delay(random.between(...calm) * 1_000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) break
    if (turn.length === 0) turn = random.shuffled([...victims])
    const victim = turn.pop()
    if (victim === undefined) break
    await victim.kill()
    pace.killed()
    const seconds = random.between(...away)
    tell(`kill -9 of ${victim.name}, away for ${seconds.toFixed(1)} s`)
    await delay(seconds * 1_000)
    await victim.start()
    kills[victim.name] = (kills[victim.name] ?? 0) + 1
  }
  return kills
}
