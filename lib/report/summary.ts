import type { Finding } from '../analysis/finding.js'
import type { LeakEvidence } from '../analysis/leakEvidence.js'
import { formatBytes, formatCount } from '../util/units.js'

/** A report's headline and two sentences, for people who know nothing of kernels. */
export function summarize(findings: readonly Finding[], evidence: LeakEvidence): { title: string; summary: string } {
  const suspect = findings.find(({ verdict }) => verdict !== 'not a leak')
  if (suspect === undefined) return { title: 'Nothing here accuses anybody', summary: `${examined(evidence)} Nothing in it looks like a leak.` }
  const [culprit] = suspect.symbols
  const cache = suspect.cache ?? 'slab memory'
  const title = culprit === undefined ? `${cache} grows, and what its objects are is not known yet`
    : suspect.verdict === 'leak' ? `${culprit} leaks ${cache}` : `The objects that fill ${cache} name ${culprit}`
  return { title, summary: `${size(suspect, evidence)} ${who(suspect)}` }
}

function size({ cache, objects, bytes, verdict, unreachable, retainedBytes }: Finding, { differences, growth }: LeakEvidence): string {
  if (verdict === 'leak' && unreachable !== null) {
    const kept = retainedBytes ?? bytes
    return `${formatCount(unreachable)} objects of ${cache ?? 'slab memory'} are in use and nothing refers to them any more${kept === null ? '' : `: ${formatBytes(kept)} of memory are lost`}.`
  }
  const grown = growth.find((row) => row.cache === cache && row.verdict === 'growing')
  const difference = differences.find((row) => row.cache === cache && (row.deltaObjects ?? 0) > 0)
  if (difference !== undefined && grown === undefined) {
    const { deltaObjects, deltaBytes, before, after } = difference
    const memory = deltaBytes === null ? '' : `: ${formatBytes(deltaBytes)} of memory`
    return `${after} holds ${formatCount(deltaObjects!)} more objects of ${cache} than ${before}${memory}.`
  }
  // The reason says how much in which time, and whether it went on.
  if (grown !== undefined && grown.reason.startsWith('grew ')) return `${cache} ${grown.reason}.`
  if (grown?.bytesPerHour != null) return `${cache} grows by ${formatBytes(grown.bytesPerHour)} an hour and gives nothing back.`
  if (objects === null) return `${cache ?? 'Slab memory'} is in use for objects that nobody seems to free.`
  const memory = bytes === null ? '' : `, ${formatBytes(bytes)}`
  return `${formatCount(objects)} objects of ${cache ?? 'slab memory'}${memory} ${verdict === 'leak' ? 'are lost' : 'may be lost'}: they are in use and alike.`
}

function who({ verdict, confidence, symbols, module, type }: Finding): string {
  const [culprit] = symbols
  if (culprit === undefined) return `What these objects are is not known yet: reading some of them in crash is the next step.`
  const owner = module === null ? culprit : `${culprit} (module ${module})`
  const sure = verdict === 'leak' ? 'These objects are' : confidence === 'weak' ? 'These objects may be' : 'These objects are most likely'
  const proof = verdict === 'leak' ? '' : '; the proof is in its code, which this evidence does not hold'
  return type === 'seq_operations'
    ? `${sure} left behind by the file that the function ${owner} serves: opening it allocates an object, and closing it does not free that object${proof}.`
    : `${sure} left behind by the code around ${owner}, which does not free what it allocates${proof}.`
}

function examined({ machines, growth, differences }: LeakEvidence): string {
  const parts = [
    ...machines.map(({ groups, system }) => `${formatCount(groups.reduce((sum, { group }) => sum + group.objects, 0))} objects of ${system.name}`),
    ...(growth.length > 0 ? [`the growth of ${growth.length} caches`] : []),
    ...(differences.length > 0 ? [`the differences of ${differences.length} caches`] : [])
  ]
  return parts.length === 0 ? 'The evidence holds no objects and no snapshots.' : `The report looked at ${parts.join(', ')}.`
}

/** A heading begins with a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
