/**
 * When an entry is due. Pure: time is passed in, and the answer is a nominal time on which every scheduler agrees,
 * whatever its own clock says.
 */
export interface Schedule {
  /** The first due time after the time of the last run (or of the entry's beginning). */
  next(since: Date, timeZone: string): Date
  /**
   * The last due time after `since` and not after `now`, undefined when there is none: of the runs missed while no
   * scheduler was on, the one that is still worth making. Takes no longer for a year than for a minute.
   */
  latest(since: Date, now: Date, timeZone: string): Date | undefined
  /** How `list` shows it. */
  describe(timeZone: string): string
}
