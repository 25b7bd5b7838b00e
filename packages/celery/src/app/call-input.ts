/** An argument that may be left out. */
type Nothing = ReturnType<() => void>

/** Arguments by name in an object, or positional ones in an array; nothing where none is needed. */
export type CallInput = object | Nothing

/**
 * What a task is called with: its arguments by name, or positional ones as its `params` order them.
 * @typeParam Sent the arguments by their names, as its schema takes them
 */
export type InputOf<Sent extends object, Params extends readonly string[]> =
  | OptionalInput<Sent>
  | Positional<Sent, Params>

/** It may be left out where it may be empty. */
export type OptionalInput<Sent extends CallInput> =
  | Sent
  | (Record<never, never> extends Sent ? Nothing : never)

type Positional<Sent, Params extends readonly string[]> = Params extends readonly [
  infer Param extends string,
  ...infer Others extends string[],
]
  ? Param extends `...${infer Rest}`
    ? RestOf<Field<Sent, Rest>>
    : readonly [...One<Sent, Param>, ...Positional<Sent, Others>]
  : Params extends readonly []
    ? readonly []
    : readonly unknown[]

type One<Sent, Param extends string> = Param extends `${infer Name}?`
  ? [Field<Sent, Name>?]
  : undefined extends Field<Sent, Param>
    ? [Field<Sent, Param>?]
    : [Field<Sent, Param>]

type Field<Sent, Name extends string> = Name extends keyof Sent ? Sent[Name] : unknown

/** What collects them may be a field that can be left out. */
type RestOf<Values> =
  NonNullable<Values> extends infer Given extends readonly unknown[] ? Given : readonly unknown[]

/**
 * Some of what a task is called with: by name, or positional ones that follow each other. Results of steps before it go
 * before these; what is missing after them is given by name.
 */
export type PartialInput<Input> = Input extends readonly unknown[] ? PartialArgs<Input> : Partial<Input>

type PartialArgs<Args extends readonly unknown[]> =
  IsList<Args> extends true
    ? Args
    : Args extends readonly [_?: unknown, ...others: infer Others]
      ? readonly [...Leading<Args>] | PartialArgs<Others>
      : never

/** The first of them, as many as are given. */
type Leading<Args extends readonly unknown[]> =
  IsList<Args> extends true
    ? Args
    : Args extends readonly [_?: infer First, ...others: infer Others]
      ? [First?, ...Leading<Others>]
      : never

/** None, or any number of one type. */
type IsList<Args extends readonly unknown[]> = Args extends readonly []
  ? true
  : Args[number][] extends Args
    ? true
    : false

/** The positional arguments of a call; any, of a task that says nothing of them. */
export type ArgsOf<Input> = [Extract<Input, readonly unknown[]>] extends [never]
  ? readonly unknown[]
  : Readonly<Extract<Input, readonly unknown[]>>

/** What a task may be called with as its only positional argument. */
export type OnlyArg<Input> = OnlyOf<ArgsOf<Input>>

type OnlyOf<Args extends readonly unknown[]> = Args extends readonly []
  ? never
  : Args extends readonly [_?: infer First, ...others: infer Others]
    ? [] extends Others
      ? First
      : never
    : never
