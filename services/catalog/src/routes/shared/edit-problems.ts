/** What changing an existing book may answer. */
export const editProblems = [
  'book_reference_invalid',
  'book_not_found',
  'book_deleted',
  'book_invalid',
  'isbn_taken',
  'precondition_required',
  'precondition_failed',
] as const
