import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { ResultStore } from '../src/results/port.ts'
import { chords } from './results-contract/chords.ts'
import { connections } from './results-contract/connections.ts'
import { groups } from './results-contract/groups.ts'
import { starts } from './results-contract/starts.ts'
import { states } from './results-contract/states.ts'
import type { Stage } from './results-contract/suite.ts'
import { watching } from './results-contract/watching.ts'

/** A place where results are kept, for the time of one run of the contract. */
export interface ResultsPlace {
  /** A store of this place that is not open yet: each stands for a process of its own. */
  store(): ResultStore
  /**
   * Breaks every connection that the stores of this place have now; new ones can be made at once. Without it the
   * tests of lost connections are left out.
   */
  breakConnections?(): Promise<void>
  /** Removes what was kept. Every store is closed by then. */
  drop(): Promise<void>
}

export interface ResultsContractOptions {
  create(): Promise<ResultsPlace> | ResultsPlace
}

/** What `results/port.ts` promises, for every implementation of it. */
export function resultsContract(name: string, { create }: ResultsContractOptions): void {
  describe(`results: ${name}`, () => {
    let place: ResultsPlace
    const opened: ResultStore[] = []

    beforeAll(async () => {
      place = await create()
    })
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()))
    })
    afterAll(() => place.drop())

    async function openStore(): Promise<ResultStore> {
      const store = place.store()
      opened.push(store)
      await store.open()
      return store
    }

    const stage: Stage = {
      openStore,
      breakConnections: async () => {
        if (place.breakConnections === undefined) return false
        await place.breakConnections()
        return true
      },
    }
    describe('states', () => states(stage))
    describe('watching', () => watching(stage))
    describe('groups', () => groups(stage))
    describe('chords', () => chords(stage))
    describe('starts', () => starts(stage))
    describe('connections', () => connections(stage))
  })
}
