import type { Logger } from '@colophon/runtime'

/** Whether a process should get requests, and the state of what it stands on. */
export interface Readiness {
  readonly ready: boolean
  readonly stores: Readonly<Record<string, 'up' | 'down'>>
}

/** What `/readyz` answers. */
export interface ReadinessAnswer {
  readonly status: 200 | 503
  readonly body: { readonly status: 'ready' | 'not_ready'; readonly stores: Readiness['stores'] }
}

/** Asks whether to answer 200 or 503; asking never fails. */
export async function askReadiness(
  readiness: () => Promise<Readiness> | Readiness,
  logger: Logger,
): Promise<ReadinessAnswer> {
  try {
    const { ready, stores } = await readiness()
    return ready
      ? { status: 200, body: { status: 'ready', stores } }
      : { status: 503, body: { status: 'not_ready', stores } }
  } catch (error) {
    logger.error({ err: error }, 'the state of the stores could not be read')
    return { status: 503, body: { status: 'not_ready', stores: {} } }
  }
}
