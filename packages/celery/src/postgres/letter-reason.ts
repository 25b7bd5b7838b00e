/**
 * A dead letter's reason, out of its text: no quotation mark within a value stands there without a backslash before it.
 * It is in an index, as it is written here.
 */
export const letterReason = `substring(letter from '"reason": ?"([a-z_]+)"')`
