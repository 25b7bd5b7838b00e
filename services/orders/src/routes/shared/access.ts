import { anyOf, type Identity } from '@colophon/http'

/** Who may see and change every order, and the stock. */
export const staff = anyOf('staff', 'admin')

/** Who may change rates. */
export const admin = anyOf('admin')

export function isStaff(identity: Identity | null): boolean {
  return identity?.roles.some((role) => role === 'staff' || role === 'admin') ?? false
}
