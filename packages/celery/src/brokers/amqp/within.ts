/** As `work`, but rejects with `tooLate()` when that is not done in so many seconds. */
export async function within<T>(seconds: number, work: Promise<T>, tooLate: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(tooLate()), seconds * 1_000)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
