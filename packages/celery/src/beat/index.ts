export {
  type Beat,
  type BeatClock,
  type BeatHooks,
  type BeatOptions,
  createBeat,
  type ListedEntry,
} from './beat.ts'
export type { BeatEntry } from './entry.ts'
export { createMemorySchedules } from './memory-store.ts'
export { createPostgresSchedules, type PostgresSchedulesOptions } from './postgres/store.ts'
export { createRedisSchedules, type RedisSchedulesOptions } from './redis/store.ts'
export { type CrontabFields, crontab } from './schedules/crontab.ts'
export type { CrontabField } from './schedules/crontab-field.ts'
export { interval } from './schedules/interval.ts'
export type { Schedule } from './schedules/schedule.ts'
export type { EntryState, EntryText, Run, ScheduleStore } from './store.ts'
