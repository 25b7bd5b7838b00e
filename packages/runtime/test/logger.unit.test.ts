import { describe, expect, it } from 'vitest'
import { continueTrace, createLogger, type Logger, traceIdOf, withContext } from '../src/index.ts'

/** What a logger writes when `use` has used it. */
function written(use: (logger: Logger) => void, readable = false): string {
  const lines: string[] = []
  use(createLogger({ level: 'info', readable, destination: { write: (line) => void lines.push(line) } }))
  return lines.join('')
}

describe('a log line', () => {
  it('is JSON with a level by name and an ISO time', () => {
    const line = JSON.parse(written((logger) => logger.info({ port: 8080 }, 'listening')))
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      port: 8080,
      msg: 'listening',
    })
  })

  it('carries the request and the trace of the work it is written in', () => {
    const traceparent = continueTrace(undefined)
    const text = written((logger) =>
      withContext({ requestId: 'r-1', traceparent }, () => logger.child({ part: 'db' }).info('deep')),
    )
    expect(JSON.parse(text)).toMatchObject({ requestId: 'r-1', traceId: traceIdOf(traceparent), part: 'db' })
  })

  it('is not written below the level', () => {
    expect(written((logger) => logger.debug('noise'))).toBe('')
  })

  it('can be made for people', () => {
    expect(written((logger) => logger.info({ port: 8080 }, 'listening'), true)).toMatch(/INFO.*listening/)
  })
})

const plain = Object.assign(Object.create(null), { token: 'hunter2' })
const failure = Object.assign(new Error('connect postgres://shop:hunter2@db:5432/shop failed'), {
  password: 'hunter2',
  input: 'amqp://shop:hunter2@broker',
  request: { headers: { authorization: 'Bearer hunter2' } },
})
const signed = `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.hunter2`
const caused = new Error('start failed', { cause: failure })

describe('secrets', () => {
  const uses: [string, (logger: Logger) => void][] = [
    ...[
      'password',
      'currentPassword',
      'ADMIN_PASSWORD',
      'secret',
      'SECRET_KEY',
      'secretKey',
      'accessToken',
    ].map((name): [string, (logger: Logger) => void] => [
      name,
      (logger) => logger.info({ [name]: 'hunter2' }),
    ]),
    ...[
      'refresh_token',
      'tokens',
      'refreshTokens',
      'pass',
      'db_pass',
      'sessionId',
      'token_hashes',
      'Authorization',
      'cookie',
      'set-cookie',
      'apiKey',
      'password_hash',
      'privateKey',
    ].map((name): [string, (logger: Logger) => void] => [
      name,
      (logger) => logger.info({ [name]: 'hunter2' }),
    ]),
    ['a value of another type', (logger) => logger.info({ password: { value: 'hunter2' } })],
    ['a nested field', (logger) => logger.info({ req: { headers: [{ cookie: 'hunter2' }] } })],
    [
      'a deeply nested field',
      (logger) => logger.info({ a: { b: { c: { d: { e: { f: { g: { token: 'hunter2' } } } } } } } }),
    ],
    ['an object without a prototype', (logger) => logger.info({ query: plain })],
    ["a child's bindings", (logger) => logger.child({ token: 'hunter2' }).info('x')],
    ["a child's nested bindings", (logger) => logger.child({ a: { token: 'hunter2' } }).info('x')],
    ['a URL in a field', (logger) => logger.info({ url: 'postgres://shop:hunter2@db/shop' })],
    ['a URL in a message', (logger) => logger.info('using postgres://shop:hunter2@db/shop')],
    ['a URL without a user', (logger) => logger.info('using redis://:hunter2@cache:6379')],
    ["a URL's password with an @ in it", (logger) => logger.info('using postgres://shop:pw@hunter2@db/shop')],
    ["a URL's password with a / in it", (logger) => logger.info('using postgres://shop:pw/hunter2@db/shop')],
    ["a URL's parameter", (logger) => logger.info('using postgres://db/shop?user=shop&password=hunter2')],
    ['a parameter of a path', (logger) => logger.info({ url: '/verify?accessToken=hunter2&x=y' })],
    ['a signed token by itself', (logger) => logger.error(new Error(`refused: ${signed}`))],
    ['an encrypted token by itself', (logger) => logger.info(`refused: ${signed}.a.hunter2`)],
    ['a bearer token in a message', (logger) => logger.info('sent Authorization: Bearer hunter2')],
    ['an error under err', (logger) => logger.error({ err: failure }, 'x')],
    ['an error under another name', (logger) => logger.error({ failure }, 'x')],
    ['an error as it is', (logger) => logger.error(failure)],
    ["an error's cause", (logger) => logger.error({ err: caused }, 'x')],
    ['errors together', (logger) => logger.error(new AggregateError([failure, caused], 'all failed'))],
  ]

  it.each(uses)('are not written: %s', (_what, use) => {
    for (const readable of [false, true]) {
      const text = written(use, readable)
      expect(text).not.toBe('')
      expect(text).not.toContain('hunter2')
    }
  })

  it('leave the rest of the line as it was', () => {
    const text = written((logger) =>
      logger.info(
        { token: null, count: 2, at: new Date(0), list: ['http://a:80/', 'b@c'], email: 'x@y.example' },
        'see http://a:80/users/d@e?f=g or https://[::1]:443/h@i or "mail b@c", cursor eyJhIjoxfQ',
      ),
    )
    expect(JSON.parse(text)).toMatchObject({
      token: null,
      count: 2,
      at: '1970-01-01T00:00:00.000Z',
      list: ['http://a:80/', 'b@c'],
      email: 'x@y.example',
      msg: 'see http://a:80/users/d@e?f=g or https://[::1]:443/h@i or "mail b@c", cursor eyJhIjoxfQ',
    })
  })

  it('leave a URL all but its password', () => {
    const text = written((logger) => logger.info('see amqp://shop:p@ss@broker:5672/x@y?token=abc&z=1#end'))
    expect(JSON.parse(text).msg).toBe('see amqp://shop:[secret]@broker:5672/x@y?token=[secret]&z=1#end')
  })

  it.each([
    ['dots and a scheme', `/${'a.'.repeat(4_000)}://x`],
    ['schemes', `/${'a://'.repeat(2_000)}`],
    ['schemes with colons', `/${'a://b:c'.repeat(1_200)}`],
    ['what tokens begin with', `/-${'eyJ-'.repeat(2_000)}`],
    ['tokens without an end', `/${'eyJ.'.repeat(2_000)}`],
    ['signs', `/://${'a@b:'.repeat(2_000)}`],
  ])('are looked for in little time even where a stranger writes the line: %s', (_what, path) => {
    const began = performance.now()
    for (let count = 0; count < 100; count++) written((logger) => logger.info({ path }, path))
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('leave an error its type, message, stack and other fields', () => {
    const error = Object.assign(new TypeError('wrong'), { code: 'E_WRONG' })
    const line = JSON.parse(written((logger) => logger.error({ err: error }, 'failed')))
    expect(line.err).toMatchObject({ type: 'TypeError', message: 'wrong', code: 'E_WRONG' })
    expect(line.err.stack).toContain('logger.unit.test.ts')
  })
})
