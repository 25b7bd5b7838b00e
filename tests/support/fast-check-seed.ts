import fc from 'fast-check'
import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    fastCheckSeed: number
  }
}

// One for the whole run: a property that fails is tried again with the same numbers, and fails again.
fc.configureGlobal({ seed: inject('fastCheckSeed') })
