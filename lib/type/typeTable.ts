/** Types of one kernel, by name. The BTF reader makes it. */
export interface TypeTable {
  /** How many types, modules' included. */
  readonly length: number
}
