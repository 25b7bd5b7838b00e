import type { TestProject } from 'vitest/node'
import { startEmbeddedServer, type TestServer, useServer } from './server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by the vitest configuration: the URL of a server to test on, or '' for an embedded one. */
    testDatabaseUrl: string
    /** Set by this global setup: the server of the run, for `createTestDatabase`. */
    testServer: TestServer
  }
}

/** A vitest global setup: one PostgreSQL for the whole run, stopped after it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const url = project.getProvidedContext().testDatabaseUrl
  const { server, description, stop } = await (url ? useServer(url) : startEmbeddedServer())
  project.provide('testServer', server)
  console.log(`PostgreSQL of this run: ${description}`)
  return stop
}
