import { distance } from 'fastest-levenshtein'
import { visible } from './visible.js'

const MOST_NAMED = 3
/** One letter wrong of each so many. */
const LETTERS_A_MISTAKE = 4
/** Shorter names are like any other. */
const LEAST_LETTERS = 3

/**
 * The known names that one which is not among them may mean: those with the fewest letters different; without such,
 * those that it is a part of. At most three.
 *
 * @example nearNames('kmaloc-64', ['kmalloc-32', 'kmalloc-64']) // ['kmalloc-64']
 */
export function nearNames(name: string, known: Iterable<string>): string[] {
  const most = name.length < LEAST_LETTERS ? 0 : Math.max(1, Math.floor(name.length / LETTERS_A_MISTAKE))
  const near = new Map<string, number>()
  const around: string[] = []
  for (const one of known) {
    if (Math.abs(one.length - name.length) <= most && distance(name, one) <= most) near.set(one, distance(name, one))
    else if (around.length < MOST_NAMED && most > 0 && one.includes(name)) around.push(one)
  }
  const nearest = Math.min(...near.values())
  const found = [...near].filter(([, mistakes]) => mistakes <= nearest + 1).sort(([, a], [, b]) => a - b).map(([one]) => one)
  return (found.length > 0 ? found : around).slice(0, MOST_NAMED)
}

/** Ends a message that there is no such name: `; did you mean dentry?`, or nothing where none is near. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const near = nearNames(name, known).map(visible)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}
