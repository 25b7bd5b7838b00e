import { expect, test } from 'vitest'
import { ConnectionLost, explainFailure, replyError } from '../../src/redis/replies.ts'

test.each([
  "READONLY You can't write against a read only replica.",
  "ERR Error running script (call to f_0): @user_script:7: -READONLY You can't write against a read only replica.",
])('%s: another connection may answer otherwise', (message) => {
  const reason = explainFailure(replyError(message), 'BROKER_UNAVAILABLE')
  expect(reason).toBeInstanceOf(ConnectionLost)
  expect(reason).toMatchObject({ isRefusal: true })
})

test('a database that is not there is none that may be there later', () => {
  const reason = explainFailure(replyError('ERR DB index is out of range'), 'BROKER_UNAVAILABLE')
  expect(reason).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('no database') })
})

test('any other error of a script is told as it is', () => {
  const message = 'ERR Error running script (call to f_0): @user_script:7: no such thing'
  const reason = explainFailure(replyError(message), 'BROKER_UNAVAILABLE')
  expect(reason).toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    message: 'Redis refused a command: no such thing',
  })
})
