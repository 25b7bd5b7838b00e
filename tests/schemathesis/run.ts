// npm run schemathesis -- PATH_TO_SCHEMATHESIS [--examples N] [--seed N] [--roles staff,customer]: asks a shop of its own
// everything that its OpenAPI document allows and much that it does not, as nobody and in each role, and fails on any
// answer that the document does not promise. Schemathesis 4.32 is the Python program of that name.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runColophon, serveColophon } from '../../apps/colophon/test/process.ts'

/** What a run of schemathesis may take, in milliseconds. */
const runMs = 300_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    examples: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    roles: { type: 'string', default: 'staff,admin,customer,anonymous' },
  },
})
const [given = ''] = positionals
if (!existsSync(given)) {
  console.error('say where schemathesis is: npm run schemathesis -- PATH_TO_SCHEMATHESIS')
  process.exit(2)
}

const schemathesis = resolve(given)

const folder = await mkdtemp(join(tmpdir(), 'colophon-schemathesis-'))
// Where root runs this, PostgreSQL's account has to get there.
await chmod(folder, 0o755)
const environment = {
  DATABASE_URL: `embedded:${join(folder, 'data')}`,
  SAMPLE_CATALOGUE: 'on',
  CLIENT_REQUESTS_PER_MINUTE: '0',
  ACCOUNT_REQUESTS_PER_MINUTE: '0',
  TRUST_PROXY: 'loopback',
}
const shop = await serveColophon(environment)
try {
  console.log(`seed ${values.seed}, ${values.examples} examples for each operation and phase`)
  // Before an admin changes whose they are.
  const tokens: Record<string, string> = {}
  for (const role of ['staff', 'admin', 'customer']) tokens[role] = await tokenOf(role)
  const passed = []
  // Staff first: what they make is there for the others to read.
  for (const role of values.roles.split(',')) passed.push(await askAs(role, tokens[role]))
  const errors = shop.lines.filter((line) => /"level":"(error|fatal)"/.test(line))
  if (errors.length > 0) console.log(`the shop logged ${errors.length} errors, the first:\n${errors[0]}`)
  process.exitCode = passed.every(Boolean) && errors.length === 0 ? 0 : 1
} finally {
  await shop.end('SIGTERM')
  await rm(folder, { recursive: true, force: true })
}

/** Asks as somebody in this role; prints a line, and all of schemathesis' own where it found something. */
async function askAs(role: string, token: string | undefined): Promise<boolean> {
  const report = join(folder, `${role}.json`)
  const output = await runSchemathesis([
    ...['--config-file', fileURLToPath(new URL('schemathesis.toml', import.meta.url))],
    ...['run', `${shop.url}/openapi.json`, '--no-color'],
    ...['--seed', values.seed, '--max-examples', values.examples],
    ...['--report', 'json', '--report-json-path', report],
    ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
  ])
  const { exit_code, complete, operations, test_cases, filtered, running_time } = JSON.parse(
    await readFile(report, 'utf8'),
  )
  const passed = exit_code === 0 && complete === true
  if (!passed) console.log(output)
  console.log(
    `${role}: ${test_cases.generated} requests to ${operations.tested} of ${operations.total} operations, ` +
      `${test_cases.unique_failures} failures, ${operations.errored} errors, ` +
      `${filtered} exceptions, ${Math.round(running_time)} s`,
  )
  return passed
}

/** A token of the longest time for which it is not taken back when its account gets other roles. */
async function tokenOf(role: string): Promise<string> {
  const { code, output } = await runColophon(['token', '--role', role, '--expires', '900'], environment)
  if (code !== 0) throw new Error(output)
  return output.trim()
}

/** What it printed, whatever it found. @throws Error when it cannot be run or takes too long */
function runSchemathesis(args: string[]): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>()
  const hooks = fileURLToPath(new URL('exceptions.py', import.meta.url))
  const { PATH = '', HOME = '' } = process.env
  execFile(
    schemathesis,
    args,
    // In the temporary folder, where it may write what it likes.
    {
      cwd: folder,
      env: { PATH, HOME, SCHEMATHESIS_HOOKS: hooks, PYTHONDONTWRITEBYTECODE: '1' },
      timeout: runMs,
      maxBuffer: 64 * 2 ** 20,
    },
    (error, stdout, stderr) => {
      // It exits with 1 when it has found something.
      if (error && error.code !== 1) reject(new Error(`${error.message}\n${stdout}${stderr}`))
      else done(stdout + stderr)
    },
  )
  return promise
}
