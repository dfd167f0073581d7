import type { TypeTable } from './typeTable.js'

/** The types of a kernel that carries none: every question is answered with undefined. */
export const emptyTypes: TypeTable = {
  length: 0,
  sizeOf: () => undefined,
  member: () => undefined,
  enumerator: () => undefined
}
