import { expect, test } from 'vitest'
import { orUnavailable } from '../../src/beat/unavailable.ts'

const answer = (code: string, message: string) =>
  Object.assign(new Error(message), { code, severity: 'FATAL' })

test.each([
  ['28P01', 'password authentication failed for user "beat"'],
  ['3D000', 'database "nowhere" does not exist'],
  ['42501', 'permission denied for schema celery'],
])('what PostgreSQL will refuse again is not called safe to try again (%s)', async (state, message) => {
  const cause = answer(state, message)
  await expect(orUnavailable('PostgreSQL', () => Promise.reject(cause))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: `Schedules in PostgreSQL: ${message}.`,
    cause,
  })
})

test.each([
  answer('57P03', 'the database system is starting up'),
  answer('25P03', 'terminating connection due to idle-in-transaction timeout'),
  new Error('connect ECONNREFUSED 127.0.0.1:5432'),
])('another try may do: %s', async (cause) => {
  await expect(orUnavailable('PostgreSQL', () => Promise.reject(cause))).rejects.toMatchObject({
    code: 'SCHEDULES_UNAVAILABLE',
    message: `Schedules in PostgreSQL: ${cause.message}. Safe to try again.`,
  })
})
