import type { App } from '@colophon/http'
import type { SandboxDeps } from '../deps.ts'
import { createChargeRoute } from './create-charge.ts'
import { createRefundRoute } from './create-refund.ts'
import { listChargesRoute } from './list-charges.ts'
import { voidChargeRoute } from './void-charge.ts'

const routes = [createChargeRoute, listChargesRoute, voidChargeRoute, createRefundRoute]

/** Adds the sandbox's routes. */
export function sandboxRoutes(app: App, deps: SandboxDeps): void {
  for (const route of routes) route(app, deps)
}
