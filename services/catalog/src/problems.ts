import { defineProblems, problems } from '@colophon/http'

/** What the catalogue refuses, by its stable code. */
export const catalogProblems = defineProblems({
  book_invalid: { status: 400, title: 'The book has fields that cannot be right' },
  book_reference_invalid: { status: 400, title: 'Neither a book id nor an ISBN' },
  book_not_found: { status: 404, title: 'No such book' },
  book_deleted: { status: 410, title: 'The book was deleted' },
  isbn_taken: { status: 409, title: 'Another book has this ISBN' },
  filter_invalid: { status: 400, title: 'A filter that cannot be applied' },
  contributor_not_found: { status: 404, title: 'No such contributor' },
  contributor_name_taken: { status: 409, title: 'A contributor of this name exists' },
  contributor_in_use: { status: 409, title: 'Books credit this contributor' },
  publisher_not_found: { status: 404, title: 'No such publisher' },
  publisher_name_taken: { status: 409, title: 'A publisher of this name exists' },
  publisher_in_use: { status: 409, title: 'Books are of this publisher' },
  subject_not_found: { status: 404, title: 'No such subject' },
})

export const catalogProblem = problems(catalogProblems)
