let collator: Intl.Collator | undefined

/**
 * Orders names as people number them.
 *
 * @example ['kmalloc-128', 'kmalloc-64'].sort(naturalOrder) // [ 'kmalloc-64', 'kmalloc-128' ]
 */
export function naturalOrder(a: string, b: string): number {
  // Made when first needed: a command that sorts no names starts sooner.
  collator ??= new Intl.Collator('en', { numeric: true })
  return collator.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0)
}
