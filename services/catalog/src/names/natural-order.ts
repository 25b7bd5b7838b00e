/** "Rowling, J. K." as "J. K. Rowling"; undefined for a name that is not a family and a given name around one comma. */
export function naturalOrder(name: string): string | undefined {
  const [family, given, ...rest] = name.split(',').map((part) => part.trim())
  return family && given && rest.length === 0 ? `${given} ${family}` : undefined
}
