/**
 * A type as a sentence names it: `struct` before the name of one, and nothing before others.
 *
 * @example typeText('seq_operations') // 'struct seq_operations'
 */
export function typeText(type: string): string {
  return type.endsWith('[]') || type.startsWith('union ') ? type : `struct ${type}`
}
