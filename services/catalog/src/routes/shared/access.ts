import { anyOf } from '@colophon/http'

/** Who may change the catalogue. */
export const staff = anyOf('staff', 'admin')
