export { currentContext, type WorkContext, withContext } from './context.ts'
