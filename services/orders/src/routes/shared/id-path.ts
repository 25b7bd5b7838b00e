import { uuid } from '@colophon/http'
import Type from 'typebox'

/** The part of a path that names an order, or whatever else has an id. */
export const idPath = Type.Object({ id: uuid() })
