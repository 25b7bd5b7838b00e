import { uuid } from '@colophon/http'
import Type from 'typebox'

/** The part of a path that names one of a list by its id. */
export const idPath = Type.Object({ id: uuid() })
