import type { Finding } from '../analysis/finding.js'
import type { GroupFacts, LeakEvidence, MachineFacts } from '../analysis/leakEvidence.js'
import { machineFacts } from '../analysis/leakEvidence.js'
import { findReachable } from '../analysis/reachability.js'
import type { Rule } from '../analysis/rule.js'
import { settleType, signaturesTable } from '../analysis/signatures.js'
import { findSuspects } from '../analysis/suspects.js'
import { groupType } from '../analysis/typing.js'
import { plotCompare } from '../plot/plotCompare.js'
import { plotGrowth } from '../plot/plotGrowth.js'
import { plotSignatures } from '../plot/plotSignatures.js'
import type { PlotSpecification } from '../plot/specification.js'
import { describeDisagreement } from '../system/disagreement.js'
import { counted, formatCount } from '../util/units.js'
import { visible } from '../util/visible.js'
import { changesOf, type Changes } from './changes.js'
import { exampleObject } from './exampleObjects.js'
import { missingOf, type Known } from './missing.js'
import { openCase, type Case, type OpenCaseOptions } from './openCase.js'
import { provenanceOf } from './provenance.js'
import type { ExampleObject, Missing, Provenance, Report } from './reportModel.js'
import { summarize } from './summary.js'
import { unscanned } from './unscanned.js'

export interface ReportOptions extends OpenCaseOptions {
  /** Instead of the built-in rules; add to them with `[...rules, ownRule]`. */
  readonly rules?: readonly Rule[]
  /** What to note as options in the report's provenance. */
  readonly noted?: Provenance['options']
  /** When the report is made; for reports that must come out the same again. */
  readonly made?: Date
}

/** Groups of objects that a report lists. */
const mostGroups = 100
/** Groups whose types are looked for in BTF. */
const typedGroups = 12
/** Objects that a report shows byte by byte: one of each kind that is accused, up to so many, and others where that is few. */
const mostExamples = 8
const fewExamples = 4

/**
 * The report of some evidence: slabinfo snapshots, meminfo, crash sessions, symbol files and dumps in any mix. What each file is, is found
 * out; a file that can't be used is named in the provenance's warnings. `reportText`, `reportHtml` and `reportJson` write the result.
 *
 * @throws FormatError where none of the files can be used, UsageError where there is no such file
 *
 * @example
 * const found = await report(['healthy.slabinfo', 'leaking.slabinfo', 'session.crash.txt'])
 * found.suspects[0].symbols[0] // 'TestMod_ProcContentSeqShow'
 */
export async function report(files: string | readonly string[], options: ReportOptions = {}): Promise<Report> {
  const opened = await openCase(typeof files === 'string' ? [files] : files, options)
  try {
    return await reportOf(opened, options)
  } finally {
    opened.close()
  }
}

async function reportOf(opened: Case, options: ReportOptions): Promise<Report> {
  const { signal, onProgress } = options
  const machines = opened.machines.map(({ dump, files }) => machineFacts(dump, {
    files,
    ...(signal === undefined ? {} : { signal }),
    onProgress: (done, objects) => onProgress?.('objects', done, objects)
  }))
  const changes = changesOf(opened)
  const evidence: LeakEvidence = { machines, growth: changes.growthFacts, differences: changes.differenceFacts, memory: changes.memory }
  const suspects = await findSuspects(evidence, { ...(options.rules === undefined ? {} : { rules: options.rules }), ...(signal === undefined ? {} : { signal }) })
  const groups = shownGroups(machines, suspects)
  settleTypes(machines, groups, suspects)
  const table = signaturesTable(groups)
  return {
    ...summarize(suspects, evidence),
    suspects,
    compare: changes.compare === null ? null : { ...changes.compare, plot: plotCompare(changes.compare.table) },
    growth: changes.growth === null || opened.series === null ? null : { ...changes.growth, plot: plotGrowth(opened.series.snapshots) },
    signatures: groups.length === 0 ? null : { table, plot: sampleTitle(plotSignatures(table), groups), groups },
    examples: examplesOf(machines, suspects),
    incomplete: opened.incomplete,
    missing: missingOf(suspects, evidence, { ...knownOf(opened, changes), unscanned: await unscannedOf(machines) }),
    provenance: provenanceOf(await opened.inputs, machines.map(({ system }) => system), options.noted ?? {}, opened.warnings, options.made ?? new Date())
  }
}

/** The largest groups, and those of accused caches: a dump has thousands. */
function shownGroups(machines: readonly MachineFacts[], suspects: readonly Finding[]): GroupFacts[] {
  const accused = new Set(suspects.map(({ cache }) => cache))
  const all = machines.flatMap((machine) => machine.groups).sort((a, b) => b.group.objects - a.group.objects)
  const largest = all.slice(0, mostGroups)
  const ofAccused = all.filter(({ cache }) => accused.has(cache?.name ?? null)).slice(0, mostGroups)
  return [...new Set([...largest, ...ofAccused])].sort((a, b) => b.group.objects - a.group.objects)
}

/**
 * Gives the groups that a person sees first the types that the machine's BTF tells, where it holds any: those that a finding speaks of, and
 * the largest ones.
 */
function settleTypes(machines: readonly MachineFacts[], groups: readonly GroupFacts[], suspects: readonly Finding[]): void {
  const accused = new Set(suspects.map(({ cache }) => cache))
  const seen = new Set([...groups.slice(0, typedGroups), ...groups.filter(({ cache }) => accused.has(cache?.name ?? null)).slice(0, typedGroups)])
  for (const { system, groups: own } of machines) {
    const btf = system.types?.btf
    if (btf === undefined) continue
    for (const group of own) {
      if (!seen.has(group) || group.type !== null) continue
      const { type, id, rivals, evidence } = groupType(system, group)
      if (type !== null && rivals === 0) settleType(group, { type, bytes: id === null ? null : (btf.graph.bytesOf(id) ?? null), basis: evidence[0] ?? 'BTF' })
    }
  }
}

/** Where only some objects were read, the plot's headline must not speak of all of them. */
function sampleTitle(plot: PlotSpecification, groups: readonly GroupFacts[]): PlotSpecification {
  const [{ group, cache, type, signatures }] = groups
  if (signatures.readObjects >= signatures.objects) return plot
  const of = `${formatCount(group.objects)} of the ${counted(signatures.readObjects, 'object')} that were read${cache === null ? '' : ` in ${cache.name}`}`
  const text = type === null ? `${of} hold the same` : `${of} are ${type.type}`
  return { ...plot, title: { ...(typeof plot.title === 'object' && !Array.isArray(plot.title) ? plot.title : {}), text: visible(text) } }
}

/** Examples of the kinds that findings accuse first, then of the accused caches' other groups, then of the largest. */
function examplesOf(machines: readonly MachineFacts[], accused: readonly Finding[]): ExampleObject[] {
  const all = machines.flatMap(({ system, groups }) => groups.map((group) => ({ system, group })))
  const named = accused.flatMap(({ cache, objects }) => all.find(({ group }) => (group.cache?.name ?? null) === cache && group.group.objects === objects) ?? [])
  const caches = new Set(accused.map(({ cache }) => cache))
  const others = all.filter(({ group }) => !named.some((one) => one.group === group))
  const near = others.filter(({ group }) => group.cache !== null && caches.has(group.cache.name))
  const shown = [...new Set(named)].slice(0, mostExamples)
  const more = [...new Set([...near, ...others])].slice(0, Math.max(0, fewExamples - shown.length))
  return [...shown, ...more].map(({ system, group }) => exampleObject(system, group, group.lost?.addresses[0]))
}

async function unscannedOf(machines: readonly MachineFacts[]): Promise<Missing[]> {
  const searched = machines.filter(({ system: { kernel, slabs } }) => kernel !== undefined && slabs !== undefined)
  return (await Promise.all(searched.map(async (machine) => unscanned(machine, await findReachable(machine.system))))).flat()
}

function knownOf({ series, machines }: Case, changes: Changes): Omit<Known, 'unscanned'> {
  return {
    memory: (series?.memory.length ?? 0) > 0,
    merging: series?.merging ?? null,
    snapshots: changes.snapshots,
    disagreements: machines.flatMap(({ dump: { system } }) => ('disagreements' in system ? (system.disagreements as Parameters<typeof describeDisagreement>[0][]) : []))
      .map(describeDisagreement)
  }
}
