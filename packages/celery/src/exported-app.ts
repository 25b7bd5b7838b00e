import type { Celery } from './create-celery.ts'
import { CeleryError } from './errors.ts'

/**
 * The app among what the module named `where` exports, by one name or more.
 * @throws CeleryError `BAD_OPTION` when there is none, and when there are two: which one is meant cannot be told
 */
export function exportedApp(exported: object, where: string): Celery {
  const [app, second] = new Set(Object.values(exported).filter(isApp))
  if (!app) {
    throw new CeleryError('BAD_OPTION', `${where} exports no app: export const app = createCelery({ ... })`)
  }
  if (second) throw new CeleryError('BAD_OPTION', `${where} exports more than one app`)
  return app
}

/** By its shape: the module may have it from another copy of this package. */
function isApp(value: unknown): value is Celery {
  return typeof value === 'object' && value !== null && 'publishTask' in value && 'tasks' in value
}
