import { declarator } from './declarator.js'
import { membersAt, type MemberAt } from './memberAt.js'
import type { TypeGraph } from './typeGraph.js'
import type { WordEvidence } from './wordEvidence.js'

/** One reason for a candidate, or against it. */
export interface MatchEvidence {
  readonly offset: number
  readonly kind: WordEvidence['kind'] | 'module' | 'cache'
  /** The member at the offset: `work.func`; empty where the struct has none. */
  readonly member: string
  /** Whether it speaks for the candidate. */
  readonly fits: boolean
  /** Whether pointers that lead here are declared as to the candidate itself, and not to a part of it. */
  readonly exact: boolean
  /** How many of the structs that were considered fit this as well. */
  readonly structs: number
  /** log2(considered / structs): how much it tells. Negative where it speaks against. */
  readonly bits: number
  /** `single_start is void *(*)(struct seq_file *, loff_t *)`. */
  readonly text: string
}

export interface StructCandidate {
  readonly id: number
  /** `struct seq_operations`. */
  readonly type: string
  /** The module that declares it; null for the kernel. */
  readonly module: string | null
  readonly bytes: number
  /** Whether the allocator takes such a slot for it: it is as large as the smallest that needs one, or ends in an array of any length. */
  readonly fills: boolean
  /** Where in the object the struct starts: 0, or more where something stands before it. */
  readonly shift: number
  /** Sum of the evidence's bits: a measure to rank by, no probability. */
  readonly bits: number
  readonly fits: number
  readonly contradictions: number
  readonly evidence: readonly MatchEvidence[]
}

export interface StructMatch {
  /** The best first; those that nothing speaks for are left out. */
  readonly candidates: readonly StructCandidate[]
  /** How many others explain the evidence as well as the best does (within half a bit). */
  readonly rivals: number
  /** The first few of them. */
  readonly rivalTypes: readonly string[]
  /** Whether all of them start with the best one: nothing speaks for what they have behind it. */
  readonly rivalsContainBest: boolean
  /** Bits by which the best is ahead of the next; Infinity where there is no next. */
  readonly lead: number
  /** How many structs fit into the slot and were considered. */
  readonly considered: number
}

/** How far objects are in use. */
export interface UsedBytes {
  readonly least: number
  readonly most: number
}

export interface MatchOptions {
  /** Bytes of the slot: no larger struct fits. */
  readonly slotBytes: number
  /** The smallest struct the allocator would not have put into a smaller slot. Smaller ones count less, the more so the smaller they are. */
  readonly smallestBytes?: number
  /** Bytes up to the last word that is not zero, in the object where that is least and where it is most; where it is known. */
  readonly used?: UsedBytes
  /** Structs that the object's cache is named after, or one of its names: the object is very likely one of them. */
  readonly named?: readonly number[]
  /** Candidates returned at most. */
  readonly limit?: number
}

/** What a word says of a struct. Of thousands few are shown: what a person reads of it is made when it is read. */
export class WordReason implements MatchEvidence {
  readonly offset: number
  readonly kind: WordEvidence['kind']

  /** The struct starts `shift` bytes into the object. */
  constructor(
    readonly graph: TypeGraph, readonly word: WordEvidence, readonly struct: number, readonly shift: number,
    readonly fits: boolean, readonly exact: boolean, readonly structs: number, readonly bits: number
  ) {
    this.offset = word.offset
    this.kind = word.kind
  }

  get member(): string {
    return this.#inner()?.path ?? ''
  }

  get text(): string {
    const inner = this.#inner()
    return reasonText(this.word, this.fits, inner === undefined ? 'no member starts there' : declarator(this.graph, inner.type))
  }

  #inner(): MemberAt | undefined {
    return membersAt(this.graph, this.struct, this.offset - this.shift).at(-1)
  }
}

/** A reason in a sentence. */
function reasonText(word: WordEvidence, fits: boolean, declared: string): string {
  if (word.kind === 'held') return `${word.name ?? 'a declared pointer'} ${fits ? 'leads' : 'would not lead'} here`
  const subject = (word.kind === 'function' || word.kind === 'pointer') && word.name !== undefined ? word.name : subjects[word.kind]
  return `${subject} ${fits ? 'fits' : 'does not fit'} ${declared}`
}

/** What kinds of words are called in sentences. */
const subjects = {
  function: 'a function', pointer: 'a pointer to a known struct', kin: 'a pointer to its own kind', address: 'an address', number: 'a number', text: 'text'
} as const
