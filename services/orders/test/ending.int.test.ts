import { createCelery, type TaskContext } from '@colophon/celery'
import { openDatabase, sql } from '@colophon/postgres'
import { createTestDatabase, type TestDatabase } from '@colophon/postgres/testing'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { MailError } from '../src/mail/port.ts'
import { PaymentError } from '../src/payments/port.ts'
import { orDeadLetter, orLeave } from '../src/tasks/ending.ts'
import { orderTasks } from '../src/tasks/index.ts'

let test: TestDatabase

beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const most = 4

/** How work that fails ends, after so many tries before: what is logged, or what is thrown on. */
async function end(error: unknown, retries: number, isSeenTo = async () => true): Promise<string> {
  const levels: string[] = []
  const note = (level: string) => (fields: object) => {
    expect(fields).toMatchObject({ orderId: '1', reason: expect.any(String) })
    levels.push(level)
  }
  const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
  const work = Promise.reject(error)
  return orLeave({ retries, log }, work, { most, about: { orderId: '1' }, isSeenTo }).then(
    () => levels.join(),
    (thrown) => (thrown === error ? 'thrown' : String(thrown)),
  )
}

/** The error of a statement that PostgreSQL ends with this state. */
function sqlError(state: string): Promise<unknown> {
  const raise = sql`select set_config('test.state', ${state}, false)`
  return test.database
    .transaction(async (tx) => {
      await tx.query(raise)
      await tx.query(
        sql`do $$ begin raise exception using errcode = current_setting('test.state'), message = 'no'; end $$`,
      )
    })
    .catch((error: unknown) => error)
}

describe('a step or a mail that fails', () => {
  it.each([
    ['of a provider that does not answer', new PaymentError('unknown', 'no answer')],
    ['of a mail server that does not', new MailError('failed', 'no greeting')],
  ])('because %s is tried again, and then left', async (_, error) => {
    expect(await end(error, most - 1)).toBe('thrown')
    expect(await end(error, most)).toBe('warn')
  })

  it.each([
    ['a statement timeout', '57014'],
    ['a deadlock', '40P01'],
    ['a conflict', '40001'],
    ['a shutdown of the database', '57P01'],
  ])('because of %s is tried again, and then left', async (_, state) => {
    const error = await sqlError(state)
    expect(error).toMatchObject({ code: state })
    expect(await end(error, most - 1)).toBe('thrown')
    expect(await end(error, most)).toBe('warn')
  })

  it.each(['denied', 'refused'] as const)('because it is %s is left at once, as an error', async (code) => {
    expect(await end(new PaymentError(code, '401'), 0)).toBe('error')
  })

  it.each(['allocate', 'sweep', 'reconcile', 'forget_keys', 'forget_reports'])(
    'is left where it comes again anyway: %s',
    async (name) => {
      const app = createCelery({ broker: 'memory:' })
      const database = openDatabase({
        connection: { url: 'postgres://127.0.0.1:1/away' },
        application: 'test',
      })
      onTestFinished(() => database.close())
      // @ts-expect-error of all that tasks work with, these get no further than the database
      orderTasks(app, { database, now: () => new Date(), outbox: { nudge() {} } })
      const log = { debug() {}, info() {}, warn() {}, error() {} }
      const run = (retries: number) =>
        app.tasks.get(`orders.${name}`)?.run({ book_id: '1' }, { retries, log } as unknown as TaskContext)
      await expect(run(7)).rejects.toThrow('no connection')
      expect(await run(8)).toBeUndefined()
    },
  )

  it('because of a mistake of the program is a dead letter in the end', async () => {
    expect(await end(new TypeError('undefined is no function'), most)).toBe('thrown')
    expect(await end(await sqlError('23505'), most)).toBe('thrown')
  })

  it('and that nobody sends again is a dead letter in the end', async () => {
    const nobody = async () => false
    const unknown = () => Promise.reject(new Error('no connection'))
    for (const error of [new MailError('failed', 'no greeting'), await sqlError('57014')]) {
      expect(await end(error, most, nobody)).toBe('thrown')
      expect(await end(error, most, unknown)).toBe('thrown')
    }
  })
})

it('a mail that is refused for good is a dead letter at once', async () => {
  const rejected: unknown[] = []
  const reject = (options?: { reason?: string }): never => {
    rejected.push(options)
    throw new Error('rejected')
  }
  const refused = new MailError('refused', '550 nobody')
  await expect(orDeadLetter({ reject }, Promise.reject(refused))).rejects.toThrow('rejected')
  expect(rejected).toEqual([{ reason: '550 nobody' }])
})
