import type { Opening } from './openFiles.js'
import type { SessionOutput } from '../session/session.js'

const factsType = 'application/vnd.slablab.facts+json'

/** What is told of the evidence: one line of what it is, and one of what it lacks. */
interface Facts { readonly holds: readonly string[], readonly lacks: readonly string[] }

/** The first line, which needs nothing to be loaded. */
export function greeting(version: string): string {
  return `slablab ${version}: TypeScript cells · Tab completes · %help · Ctrl-D leaves`
}

/** Code that tells what the opened evidence holds, and what it lacks and at what cost. */
export function factsCode({ names }: Opening): string {
  const { dump, snapshots } = names
  return `{
  const holds: string[] = []
  const lacks: string[] = []
${dump === null ? '' : `  {
    const { system } = ${dump}
    const caches = system.caches()
    const allocated = caches.reduce((sum, cache) => sum + (cache.allocated ?? 0), 0)
    holds.push(\`${dump}: \${system.release === null ? 'a kernel that is not named' : \`Linux \${system.release}\`}\${system.architecture === null ? '' : \` \${system.architecture}\`}, \${formatCount(caches.length)} caches, \${formatCount(allocated)} objects\`)
    if (system.symbols.length === 0) lacks.push('symbols (give System.map beside it): code has no names')
    if (system.types === undefined) lacks.push(system.kind === 'dump' ? 'types (--btf): no members, no struct is recognised by BTF' : 'types and all of memory: no references are followed')
    lacks.push(...(system.incomplete ?? []))
  }
`}${snapshots === null ? '' : `  {
    const times = ${snapshots}.array('time') as (number | null)[]
    const known = times.filter((time): time is number => time !== null)
    const span = known.length === 0 ? 0 : known.reduce((a, b) => Math.max(a, b)) - known.reduce((a, b) => Math.min(a, b))
    const taken = new Set(${snapshots}.array('snapshot') as number[]).size
    holds.push(\`${snapshots}: \${formatCount(taken)}\${span > 0 ? \` over \${formatSpan(span / 1000)}\` : ''}\`)
    if (taken < 3) lacks.push('a series (%watch records one): growth can be seen, its rate not')
  }
`}  display({ '${factsType}': { holds, lacks } })
}`
}

/** Up to three lines: what was loaded, what is missing, what to try first. */
export function factLines(outputs: readonly SessionOutput[], { names, unused }: Opening): string[] {
  const facts = outputs.map((output) => output.kind === 'display' ? output.data[factsType] as Facts | undefined : undefined).find((found) => found !== undefined)
  if (facts === undefined) return []
  const lacks = [...facts.lacks, ...unused.map((text) => `not used: ${text}`)]
  const first = [names.snapshots === null ? null : `growth(${names.snapshots})`, names.dump === null ? null : `${names.dump}.caches()`].filter((code) => code !== null)
  return [
    facts.holds.join('; '),
    ...(lacks.length === 0 ? [] : [`missing: ${lacks.join('; ')}`]),
    `try first: ${[...first, '%tour'].join(', ')}`
  ]
}
