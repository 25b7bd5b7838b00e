import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const exec = promisify(execFile)

/** What the tests need beside Celery itself. */
const plugins = ['pytest==9.2.0', 'pytest-timeout', 'pytest-rerunfailures', 'pydantic']

export interface Suite {
  /** Celery's source distribution without its own `celery`, so that the tests run against the one installed. */
  folder: string
  /** What the tests need, as an entry of PYTHONPATH. */
  plugins: string
  version: string
}

/** Celery's integration tests in the version that this Python has: fetched once, kept in the user's cache. */
export async function fetchSuite(python: string): Promise<Suite> {
  const program = join(python, 'python')
  const { stdout } = await exec(program, ['-c', 'import celery; print(celery.__version__)'])
  const version = stdout.trim()
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'colophon-celery-suite')
  const folder = join(cache, `celery-${version}`)
  const suite = { folder, plugins: join(cache, 'plugins'), version }
  await mkdir(cache, { recursive: true })
  if (!existsSync(suite.plugins)) {
    await pip(program, ['install', '--quiet', '--target', `${suite.plugins}.new`, ...plugins])
    await rename(`${suite.plugins}.new`, suite.plugins)
  }
  if (!existsSync(folder)) {
    const fetched = join(cache, 'fetched')
    await rm(fetched, { recursive: true, force: true })
    await pip(program, ['download', '--no-deps', '--no-binary', ':all:', '-d', fetched, `celery==${version}`])
    const [archive] = await readdir(fetched)
    if (!archive) throw new Error('pip downloaded nothing')
    await exec('tar', ['--extract', '--file', join(fetched, archive), '--directory', fetched])
    await rm(join(fetched, `celery-${version}`, 'celery'), { recursive: true })
    await rename(join(fetched, `celery-${version}`), folder)
  }
  return suite
}

async function pip(program: string, args: string[]): Promise<void> {
  await exec(program, ['-m', 'pip', '--disable-pip-version-check', ...args], { timeout: 300_000 })
}
