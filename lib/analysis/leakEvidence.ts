import type { MemoryReading } from '../source/meminfo.js'
import type { System } from '../system/system.js'
import { systemOf, type MachineEvidence } from './evidence.js'
import { describeSignatures, type DescribedGroup } from './signatures.js'

/** A row of `growth`, as far as rules need it. */
export interface GrowthFact {
  readonly cache: string
  readonly verdict: 'growing' | 'steady' | 'unknown'
  readonly reason: string
  readonly bytesPerHour: number | null
  readonly low: number | null
  readonly high: number | null
  readonly objects: number | null
  readonly bytes: number | null
  readonly reclaimable: boolean | null
  /** A notebook cell that recomputes the row. */
  readonly code: string
}

/** A row of `compare`, as far as rules need it. */
export interface DifferenceFact {
  readonly cache: string
  readonly beforeObjects: number | null
  readonly afterObjects: number | null
  readonly deltaObjects: number | null
  readonly deltaBytes: number | null
  readonly status: string
  /** What was compared: `healthy`, `leaking`. */
  readonly before: string
  readonly after: string
  readonly code: string
}

/** What the machine said of its memory as a whole, first and last; the same reading where there is but one. */
export interface MemoryFact {
  readonly before: MemoryReading
  readonly after: MemoryReading
  readonly code: string
}

/** A group of objects with what further analyses found out about them. Null is unknown: nobody asked, or the evidence can't tell. */
export interface GroupFacts extends DescribedGroup {
  readonly unreachable: number | null
  /** The rest of the objects may be either: what would lead to them is not in the dump. */
  readonly reachable: number | null
  readonly retainedBytes: number | null
  /** What more is known of those that are unreachable. */
  readonly lost?: LostFacts
}

/** Objects of a group that nothing leads to, by who lost them. */
export interface LostFacts {
  /** How many no lost object of another kind refers to: these were dropped, the others went with what holds them. */
  readonly dropped: number
  /** Of those that were dropped, ascending; of all lost ones where none of them was. */
  readonly addresses: BigUint64Array
  /** Objects of other groups that went with these, the most first. */
  readonly takes: readonly { readonly facts: GroupFacts; readonly objects: number }[]
}

/** One machine, and its objects by what they hold. */
export interface MachineFacts {
  readonly system: System
  /** The files to open in a notebook cell. */
  readonly files: readonly string[]
  readonly groups: readonly GroupFacts[]
  /** Objects in use, or perhaps in use, whose contents the dump lacks, wholly or in part: what they refer to was not seen. */
  readonly unreadObjects?: number
}

/** Everything that a rule may look at. What there is no evidence for is an empty list. */
export interface LeakEvidence {
  readonly machines: readonly MachineFacts[]
  readonly growth: readonly GrowthFact[]
  readonly differences: readonly DifferenceFact[]
  readonly memory?: MemoryFact | null
}

export interface MachineFactsOptions {
  /** The files that were opened, symbol files included; by default those that the evidence names. */
  readonly files?: readonly string[]
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, objects: number) => void
}

/** The groups of all allocated objects of a machine. */
export function machineFacts(evidence: MachineEvidence, options: MachineFactsOptions = {}): MachineFacts {
  const system = systemOf(evidence)
  // Groups find out about themselves when asked; what further analyses know is put beside that.
  const groups = describeSignatures(system, undefined, options).map((group): GroupFacts => Object.assign(group, { unreachable: null, reachable: null, retainedBytes: null }))
  return { system, files: options.files ?? system.files.map(({ file }) => file), groups }
}

/** The evidence of a single machine. */
export function evidenceOf(evidence: MachineEvidence, options: MachineFactsOptions = {}): LeakEvidence {
  return { machines: [machineFacts(evidence, options)], growth: [], differences: [] }
}

/** References that an object may hold to others of one kind: a few members, or the slots of a small table. */
const REFERENCES_OF_ONE = 8

/**
 * How many of a group's objects were lost for sure: no lost object of another kind refers to them, and they are more than what the dump
 * lacks could refer to.
 */
export function droppedObjects({ unreadObjects = 0 }: MachineFacts, { lost, unreachable }: GroupFacts): number {
  return Math.max(0, (lost?.dropped ?? unreachable ?? 0) - REFERENCES_OF_ONE * unreadObjects)
}

/** A few objects of a group: lost ones, where any are known to be. */
export function lostExamples({ lost, signatures, group }: GroupFacts, count: number): BigUint64Array {
  return (lost === undefined || lost.addresses.length === 0 ? signatures.addressesOf(group) : lost.addresses).subarray(0, count)
}
