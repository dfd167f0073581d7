/** Two statements of the evidence that cannot both hold, or did not hold at the same time. Both are kept. */
export interface Disagreement {
  /** What they speak of: `kmalloc-128 allocated`, `memory at 0xffff80003a5b0000`. */
  readonly subject: string
  /** In the order of the evidence, each with its place (`session.txt:3`). */
  readonly statements: readonly { readonly value: string; readonly place: string }[]
}

/**
 * A disagreement as one line.
 *
 * @example describeDisagreement(d) // 'kmalloc-128 allocated: 1,723,323 (session.txt:3), 1,723,400 (session.txt:90)'
 */
export function describeDisagreement({ subject, statements }: Disagreement): string {
  return `${subject}: ${statements.map(({ value, place }) => `${value} (${place})`).join(', ')}`
}
