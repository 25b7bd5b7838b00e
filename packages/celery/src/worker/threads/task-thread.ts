let isThread = false

/** This is a worker's thread for tasks: what its module starts must not be another worker. */
export function markTaskThread(): void {
  isThread = true
}

export function isTaskThread(): boolean {
  return isThread
}
