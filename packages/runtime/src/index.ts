export { canonicalJson } from './canonical-json.ts'
export {
  ConfigError,
  type ConfigOf,
  type Environment,
  integer,
  isOneEditAway,
  list,
  oneOf,
  readConfig,
  type Setting,
  type Settings,
  text,
  url,
} from './config.ts'
export { currentContext, type WorkContext, withContext } from './context.ts'
export { createLifecycle, type Lifecycle, type LifecycleState, type Part } from './lifecycle.ts'
export { createLogger, type Logger, logLevels } from './logger.ts'
export { Counter, createMetrics, Gauge, Histogram, Registry } from './metrics.ts'
export { withoutSecrets } from './secrets.ts'
export { continueTrace, traceIdOf } from './trace.ts'
