// npm run celery:suite -- PYTHON_BIN [redis|amqp|both] [FILE...]: Celery's own integration tests with our worker in
// place of Python's. Their source comes from Celery's source distribution. Each test passes, or is named in
// exceptions.ts with the reason. Runs on Redis servers of its own (`redis-server`), and with amqp on virtual hosts of
// TEST_AMQP_URL. Logs stay in CELERY_SUITE_LOGS, if that names a folder.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exceptions } from './exceptions.ts'
import type { TestResult } from './report.ts'
import { type BrokerName, collectTests, type Place, runShard, type Shard } from './shard.ts'
import { fetchSuite } from './suite.ts'

const files = ['test_inspect', 'test_tasks', 'test_group_chains', 'test_canvas']
/** Most tests wait, so several run at a time. */
const shards = 6
/** These wait for one to two and a half minutes, so each runs beside all others. */
const long = /_allow_error_cb_on_chord_header(_on_upgraded_chord)?$/
/** Seconds for a test: three times what the longest takes, for one that is known not to pass, and for any other. */
const [patience, short, usual] = [450, 4, 150]

const [python, broker = 'redis', ...only] = process.argv.slice(2)
const brokers: BrokerName[] = broker === 'both' ? ['redis', 'amqp'] : [broker as BrokerName]
const isKnown = brokers.every((name) => name === 'redis' || name === 'amqp')
if (!python || !isKnown || (broker !== 'redis' && !process.env.TEST_AMQP_URL)) {
  console.error(
    'usage: npm run celery:suite -- PYTHON_BIN [redis|amqp|both] [FILE...]   (amqp: with TEST_AMQP_URL)',
  )
  process.exit(2)
}

function isExcepted(name: string): boolean {
  return exceptions.some(({ test }) => test.test(name))
}

function shardsOf(tests: string[]): Shard[] {
  const alone = tests.filter((test) => long.test(test))
  const others = tests.filter((test) => !long.test(test))
  const expected = others.filter((test) => !isExcepted(test))
  return [
    ...alone.map((test, index) => ({
      name: `long-${index + 1}`,
      tests: [test],
      options: isExcepted(test) ? once(patience) : within(patience),
    })),
    { name: 'excepted', tests: others.filter(isExcepted), options: once(short) },
    ...Array.from({ length: shards }, (_, index) => ({
      name: `part-${index + 1}`,
      tests: expected.filter((_test, position) => position % shards === index),
      options: within(usual),
    })),
  ]
}

function within(seconds: number): string[] {
  return ['--timeout', String(seconds)]
}

/** Tests that are known not to pass are not tried again and again. */
function once(seconds: number): string[] {
  return [...within(seconds), '-p', 'no:rerunfailures']
}

/** On a busy machine a test may time out among others: what failed unexpectedly is run once more, by itself. */
async function runAll(place: Place, tests: string[]): Promise<TestResult[]> {
  const results = (await Promise.all(shardsOf(tests).map((shard) => runShard(place, shard)))).flat()
  const failed = results.filter(({ name, outcome }) => outcome === 'failed' && !isExcepted(name))
  const names = new Set(failed.map(({ name }) => name))
  const chosen = tests.filter((test) => names.has(reportedName(test)))
  const seconds = chosen.some((test) => long.test(test)) ? patience : usual
  const again = await runShard(place, { name: 'again', tests: chosen, options: within(seconds) })
  for (const { name } of again) console.log(`run once more: ${name}`)
  return [...results.filter(({ name }) => !again.some((result) => result.name === name)), ...again]
}

/** pytest names a test `t/integration/test_x.py::Class::test`, its report `t.integration.test_x.Class::test`. */
function reportedName(test: string): string {
  const [, file = '', place = '', name = ''] = /^(.*)\.py(?:::(.*))?::(.*)$/.exec(test) ?? []
  return `${[...file.split('/'), ...place.split('::').filter(Boolean)].join('.')}::${name}`
}

/** Prints what became of them; false when one did not pass that should. */
function tell(broker: BrokerName, tests: string[], results: TestResult[]): boolean {
  console.log(`\nbroker ${broker}`)
  const count = { passed: 0, skipped: 0, excepted: 0, failed: 0 }
  for (const { name, outcome, message } of results.toSorted((a, b) => a.name.localeCompare(b.name))) {
    const exception = exceptions.find(({ test }) => test.test(name))
    const kind = outcome === 'failed' && exception ? 'excepted' : outcome
    count[kind] += 1
    if (kind === 'excepted') console.log(`not passing: ${name}: ${exception?.reason}`)
    if (kind === 'failed') console.log(`FAILED: ${name}: ${message}`)
    if (kind === 'passed' && exception) console.log(`passes after all: ${name}`)
  }
  const missing = tests.length - results.length
  if (missing > 0) console.log(`FAILED: ${missing} tests did not run`)
  console.log(
    `${broker}: ${count.passed} passed, ${count.excepted} not passing for the reasons above, ${count.skipped} skipped by Celery's own conditions, ${count.failed} failed`,
  )
  return count.failed === 0 && missing === 0 && count.passed > 0
}

const suite = await fetchSuite(python)
const paths = only.length > 0 ? only : files.map((file) => `t/integration/${file}.py`)
const tests = await collectTests(python, suite, paths)
console.log(`Celery ${suite.version}: ${tests.length} of its integration tests with our worker`)
const { CELERY_SUITE_LOGS: logs } = process.env
const folder = logs ?? (await mkdtemp(join(tmpdir(), 'celery-suite-')))
const all = await Promise.all(brokers.map((name) => runAll({ python, suite, broker: name, folder }, tests)))
if (!logs) await rm(folder, { recursive: true })
const passed = brokers.map((name, index) => tell(name, tests, all[index] ?? []))
process.exitCode = passed.every(Boolean) ? 0 : 1
