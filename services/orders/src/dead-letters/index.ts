export { dropDeadLetter, findDeadLetter } from './find-dead-letter.ts'
export { type DeadLetterFilter, listDeadLetters } from './list-dead-letters.ts'
export {
  dropParkedMessage,
  listParked,
  type ParkedMessage,
  replayAllMessages,
  replayParkedMessage,
} from './parked-messages.ts'
export { replayDeadLetter } from './replay-dead-letters.ts'
export type { DeadLetter } from './schemas.ts'
