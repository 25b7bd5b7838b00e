import { test } from 'vitest'
import { expectNothingLost } from './support.ts'

test(
  'nothing is lost on PostgreSQL over kill -9 of workers and server, connections cut and frozen',
  {
    timeout: 240_000,
  },
  (context) => expectNothingLost('postgres', 1, context),
)
