import { describe } from 'vitest'
import { casting } from './broker-contract/casting.ts'
import { consuming } from './broker-contract/consuming.ts'
import { deadLetters } from './broker-contract/dead-letters.ts'
import { delaying } from './broker-contract/delaying.ts'
import { exchanges } from './broker-contract/exchanges.ts'
import { lifetime } from './broker-contract/lifetime.ts'
import { networkFaults } from './broker-contract/network-faults.ts'
import { publishing } from './broker-contract/publishing.ts'
import { type BrokerSuite, stageOf } from './broker-contract/suite.ts'

export type { BrokerSuite } from './broker-contract/suite.ts'

/** All that `src/brokers/port.ts` promises. `suite` is undefined where the server is not there: then nothing runs. */
export function brokerContract(name: string, suite: BrokerSuite | undefined): void {
  if (!suite) {
    describe.skip(name)
    return
  }
  describe(name, () => {
    const stage = stageOf(suite)
    describe('lifetime', () => lifetime(stage))
    describe('publishing', () => publishing(stage))
    describe('consuming', () => consuming(stage))
    describe('exchanges', () => exchanges(stage))
    describe('delaying', () => delaying(stage))
    describe('casting', () => casting(stage))
    describe('dead letters', () => deadLetters(stage))
    describe.skipIf(!suite.network)('a broken network', () => networkFaults(stage))
  })
}
