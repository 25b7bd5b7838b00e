/** Of these beat opens as many as it has to send at once. */
const [broker, results, beat, relay] = [4, 2, 6, 1]

/** Connections to the shop's database beside those of its pool, in a process that does everything. */
export const taskConnections = { broker, results, total: broker + results + beat + relay }
