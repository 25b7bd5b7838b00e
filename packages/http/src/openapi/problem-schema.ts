import Type from 'typebox'

const FieldProblemSchema = Type.Object(
  {
    path: Type.String({ description: 'A JSON Pointer into the body, or the name of the parameter' }),
    code: Type.String({ examples: ['required'] }),
    message: Type.String({ description: 'What was expected' }),
  },
  { title: 'FieldProblem' },
)

/** An error as this API answers it (RFC 9457). */
export const ProblemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri-reference', description: 'Where this kind of problem is described' }),
    title: Type.String({ description: 'The kind of problem, for people' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'The kind of problem, for programs' }),
    detail: Type.String({ description: 'What happened this time and what to do about it' }),
    instance: Type.String({ description: 'The path of the request' }),
    requestId: Type.String({ description: 'Names the request in the logs' }),
    errors: Type.Optional(Type.Array(FieldProblemSchema)),
  },
  { title: 'Problem' },
)
