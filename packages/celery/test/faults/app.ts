// What the workers of a trial serve. Which trial that is, the environment says.
import { openEffects } from './effects.ts'
import { brokerKinds, createFaultsApp } from './kinds.ts'
import { defineTasks } from './tasks.ts'

const { FAULTS_KIND, FAULTS_BROKER = '', FAULTS_RESULTS = '', FAULTS_EFFECTS = '' } = process.env
const kind = brokerKinds.find((name) => name === FAULTS_KIND)
if (!kind) throw new Error('FAULTS_KIND must be a kind of broker')

export const app = await createFaultsApp({ kind, broker: FAULTS_BROKER, results: FAULTS_RESULTS })
defineTasks(app, openEffects(FAULTS_EFFECTS))
