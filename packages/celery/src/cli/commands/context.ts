import type { Command } from 'commander'
import type { Celery } from '../../create-celery.ts'
import type { Io } from '../io.ts'
import { type AppOptions, type LoadedApp, loadApp } from '../load-app.ts'

/** Runs a command's work with its app, and closes the app whatever becomes of it. */
export async function withApp<T>(
  command: Command,
  io: Io,
  work: (app: Celery, loaded: LoadedApp) => Promise<T>,
): Promise<T> {
  const loaded = await loadApp(command.optsWithGlobals<AppOptions>(), io.env)
  try {
    return await work(loaded.app, loaded)
  } finally {
    await loaded.app.close()
  }
}
