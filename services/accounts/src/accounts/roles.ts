/** What an account may be. A customer buys, staff runs the shop, an admin decides who is staff. */
export const roles = ['customer', 'staff', 'admin'] as const

export type Role = (typeof roles)[number]

/** The roles an account acts in: an admin acts as staff too, so that a route for staff lets admins in, named or not. */
export function actingRoles(held: readonly Role[]): Role[] {
  return roles.filter((role) => held.includes(role) || (role === 'staff' && held.includes('admin')))
}

/** Roles as they are kept: each once, in the order of `roles`. */
export function sortedRoles(given: readonly Role[]): Role[] {
  return roles.filter((role) => given.includes(role))
}
