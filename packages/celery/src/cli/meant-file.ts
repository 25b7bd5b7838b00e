import { stat } from 'node:fs/promises'

const endings = ['.ts', '.mts', '.js', '.mjs']

/**
 * The file that was probably meant: as Celery takes an app, without the ending, with dots for folders, or with the app's
 * name after a `:` or a dot. Undefined when there is none.
 */
export async function meantFile(path: string): Promise<string | undefined> {
  const module = path.replace(/:.*$/s, '').replace(/\.[cm]?[jt]s$/, '')
  const names = /^[\w-]+(?:\.[\w-]+)+$/.test(module) ? module.split('.') : []
  const stems = [module, names.join('/'), names.slice(0, -1).join('/')].filter((stem) => stem !== '')
  for (const file of stems.flatMap((stem) => endings.map((ending) => stem + ending))) {
    if (file !== path && (await isFile(file))) return file
  }
  return undefined
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false
}
