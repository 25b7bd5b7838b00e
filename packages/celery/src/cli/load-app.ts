import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Beat } from '../beat/index.ts'
import { type Celery, createCelery } from '../create-celery.ts'
import { exportedApp } from '../exported-app.ts'
import { UsageError } from './io.ts'
import { LoadError } from './load-error.ts'
import { meantFile } from './meant-file.ts'

export interface AppOptions {
  /** A module that exports an app. */
  app?: string
  broker?: string
  resultBackend?: string
}

export interface LoadedApp {
  app: Celery
  /** The module's URL; threads load it again. Undefined for an app made of URLs. */
  module: string | undefined
  /** The schedules that the module exports. */
  beat: Beat | undefined
}

/** The app that a command works on: a module's, or, where no task has to be known, one made of the URLs alone. */
export async function loadApp(
  options: AppOptions,
  env: Record<string, string | undefined>,
): Promise<LoadedApp> {
  if (options.app !== undefined) {
    if (options.broker !== undefined || options.resultBackend !== undefined)
      throw new UsageError(
        '--app has a broker and results of its own: give it, or --broker and --result-backend',
      )
    return loadModule(options.app)
  }
  const broker = options.broker ?? env.CELERY_BROKER_URL
  if (broker === undefined) {
    throw new UsageError(
      'which app? Give --app FILE (a module that exports one), or --broker URL (or CELERY_BROKER_URL)',
    )
  }
  const results = options.resultBackend ?? env.CELERY_RESULT_BACKEND
  const app = createCelery({ broker, ...(results === undefined ? {} : { results }) })
  return { app, module: undefined, beat: undefined }
}

async function loadModule(path: string): Promise<LoadedApp> {
  const file = resolve(path)
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw await noFile(path, found !== undefined)
  const module = pathToFileURL(file).href
  const exported = (await import(module).catch((error: unknown) => {
    if (isOtherKind(file, error))
      throw new UsageError(`--app ${path}: it is no module of TypeScript or JavaScript`)
    throw new LoadError(path, error)
  })) as object
  const app = exportedApp(exported, `--app ${path}: it`)
  return { app, module, beat: Object.values(exported).find(isBeat) }
}

async function noFile(path: string, isThere: boolean): Promise<UsageError> {
  const meant = await meantFile(path)
  const what = isThere ? 'it is no file' : 'there is no such file'
  const otherwise = isThere ? '; name the module that exports the app' : ''
  return new UsageError(
    `--app ${path}: ${what}${meant === undefined ? otherwise : `: did you mean ${meant}?`}`,
  )
}

/** Asked when Node has refused it: a loader of the user's own may know files by other names. */
function isOtherKind(file: string, error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const refused = code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_IMPORT_ATTRIBUTE_MISSING'
  return refused && !/\.[cm]?[jt]s$/.test(file)
}

function isBeat(value: unknown): value is Beat {
  return typeof value === 'object' && value !== null && 'trigger' in value && 'pause' in value
}
