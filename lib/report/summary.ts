import type { Finding } from '../analysis/finding.js'
import type { LeakEvidence } from '../analysis/leakEvidence.js'
import { typeText } from '../util/typeText.js'
import { counted, formatBytes, formatCount } from '../util/units.js'

/** A report's headline and two sentences, for people who know nothing of kernels. */
export function summarize(findings: readonly Finding[], evidence: LeakEvidence): { title: string; summary: string } {
  const suspects = findings.filter(({ verdict }) => verdict !== 'not a leak')
  const leaks = suspects.filter(({ verdict }) => verdict === 'leak')
  const [suspect] = suspects
  if (suspect === undefined) return { title: 'Nothing here accuses anybody', summary: `${examined(evidence)} Nothing in it looks like a leak.` }
  if (leaks.length > 1) return { title: `${headline(suspect, evidence)}, and ${counted(leaks.length - 1, 'other kind')} of objects ${leaks.length === 2 ? 'leaks' : 'leak'}`, summary: several(leaks, evidence) }
  const others = suspects.length - 1
  const more = others === 0 ? '' : ` (${counted(others, 'further suspect')} ${others === 1 ? 'is' : 'are'} told below)`
  return { title: headline(suspect, evidence), summary: `${size(suspect, evidence).replace(/\.$/, `${more}.`)} ${who(suspect)}` }
}

function headline(suspect: Finding, { growth, differences }: LeakEvidence): string {
  const { symbols: [culprit], cache, type, verdict } = suspect
  const where = cache ?? 'slab memory'
  if (verdict === 'leak') return culprit !== undefined ? `${culprit} leaks ${where}` : type === null ? `Objects of ${where} leak` : `${typeText(type)} leaks from ${where}`
  const grows = growth.some((row) => row.cache === cache && row.verdict === 'growing') || differences.some((row) => row.cache === cache)
  if (grows && type !== null && culprit === undefined) return `${where} grows by ${typeText(type)}`
  if (grows && type !== null && isAlive(suspect)) return `${where} grows, and ${culprit} keeps ${typeText(type)} in it alive`
  if (culprit !== undefined) return `The objects that fill ${where} name ${culprit}`
  return grows ? `${where} grows, and what its objects are is not known yet` : `Objects of ${where} may be lost`
}

/** Whether the dump shows that something leads to all objects: they are not lost. */
function isAlive({ unreachable }: Finding): boolean {
  return unreachable === 0
}

/** Several leaks at once: how much they are together, and whose. */
function several(leaks: readonly Finding[], { machines }: LeakEvidence): string {
  const objects = leaks.reduce((sum, { unreachable }) => sum + (unreachable ?? 0), 0)
  // What each retains may overlap: each lost object counts once.
  const bytes = machines.flatMap(({ groups }) => groups).reduce((sum, { unreachable, cache }) => sum + (unreachable ?? 0) * (cache?.slotBytes ?? 0), 0)
  const [largest] = leaks
  const part = largest.retainedBytes ?? largest.bytes
  const most = `${part === null ? 'most' : formatBytes(part)} of it by ${formatCount(largest.unreachable ?? largest.objects ?? 0)} ${largest.type === null ? 'objects' : typeText(largest.type)} in ${largest.cache ?? 'slab memory'}`
  const modules = [...new Set(leaks.flatMap(({ module }) => module ?? []))]
  const named = leaks.filter(({ module }) => module !== null).length
  const whose = modules.length === 0 ? 'Which code lost them, the suspects below tell as far as it is known.'
    : `${named === leaks.length ? 'All' : named === 1 ? 'One' : formatCount(named)} of these kinds ${named === 1 ? 'belongs' : 'belong'} to the ${modules.length === 1 ? 'module' : 'modules'} ${modules.join(', ')}; the suspects below say what to change for each.`
  return `${formatCount(objects)} objects of ${leaks.length} kinds are in use and nothing refers to them any more: ${formatBytes(bytes)} of memory are lost, ${most}. ${whose}`
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

function who(suspect: Finding): string {
  const { verdict, confidence, symbols, module, type, unreachable, objects } = suspect
  const [culprit] = symbols
  const those = objects === null ? 'They' : `${formatCount(objects)} of its objects`
  if (verdict === 'maybe' && isAlive(suspect)) {
    const what = type === null ? 'What they are is not known' : `${those} are ${typeText(type)}${module === null ? '' : `, of the module ${module}`}`
    return `${what}; they are not lost, for ${culprit ?? 'something'} still refers to them: whoever puts them there does not take them off in time, or needs them all.`
  }
  if (culprit === undefined && unreachable !== null) {
    const whose = module === null ? '' : `, of the module ${module}`
    return type === null ? 'What they are is not known: the example below shows what they hold.' : `They are ${typeText(type)}${whose}; which code dropped them, their evidence below narrows down.`
  }
  if (culprit === undefined && type !== null) return `${those} are ${typeText(type)}; which code allocates them, their evidence below narrows down.`
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
