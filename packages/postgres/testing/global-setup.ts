import type { TestProject } from 'vitest/node'
import { removeDeadFolders } from './folders.ts'
import { startEmbeddedServer, useServer } from './server.ts'

/** A vitest global setup: one PostgreSQL for the whole run, stopped after it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = project.getProvidedContext().testDatabaseUrl
  await removeDeadFolders()
  const { server, description, stop } = await (url ? useServer(url) : startEmbeddedServer())
  project.provide('testServer', server)
  console.log(`PostgreSQL of this run: ${description}`)
  return stop
}
