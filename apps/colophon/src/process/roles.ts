/** What a process can be, alone or together. */
export type Role = 'api' | 'payments-sandbox' | 'worker' | 'relay' | 'beat'

/** All of it, for a shop in one process. */
export const allRoles: readonly Role[] = ['api', 'payments-sandbox', 'worker', 'relay', 'beat']
