import type { WordEvidence } from '../../type/structMatch.js'
import { NOTHING } from '../reference/objectIndex.js'
import { isKernelAddress, type Contents } from './groupContents.js'
import type { ObjectTypes } from './objectTypes.js'

/** A word of a group that points into slabs or static data: what it says depends on what is known of what it leads to. */
export interface Pointer {
  readonly offset: number
  /** Sampled objects whose word is not zero. */
  readonly asked: number
  /** What these words lead to outside of the group. */
  readonly targets: readonly Target[]
  /** The module whose data some object's word leads to. */
  readonly module?: string | null
  /** Whether all of them are addresses of the kernel. */
  readonly isAddress: boolean
  /** The place in objects of its own group that most words lead to, and how many do. */
  readonly kin: readonly [target: number, times: number]
  /** The structs of the targets when they were last looked at, and what the word said then. */
  readonly structs: number[]
  evidence: WordEvidence | undefined
}

/** An object, and how far into it a word leads; or, where `object` is negative, what is at an address outside of the slabs. */
export interface Target {
  readonly object: number
  readonly inside: number
  readonly low: number
  readonly high: number
}

/** Where the words at an offset lead: to others of this group, or elsewhere. Its own group proves nothing of itself. */
export function pointerOf(offset: number, group: number, { rows, words, halves }: Contents, objects: ObjectTypes | undefined): Pointer {
  const kin = new Map<number, number>()
  const targets: Target[] = []
  let asked = 0
  let isAddress = true
  for (let i = 0, at = offset >>> 2; i < rows.length; i++, at += halves) {
    const low = words[at]
    const high = words[at + 1]
    if ((low | high) === 0) continue
    asked++
    isAddress &&= isKernelAddress(high)
    const object = objects === undefined ? NOTHING : objects.target(low, high)
    const inside = object < 0 ? 0 : objects!.offsetIn(object, low, high)
    if (object >= 0 && objects!.group[object] === group) kin.set(inside, (kin.get(inside) ?? 0) + 1)
    else targets.push({ object, inside, low, high })
  }
  const [target, times] = [...kin].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])
  return { offset, asked, targets, isAddress, kin: [target, times], structs: [], evidence: undefined }
}

/** The address that a word leads to. */
export function addressOf({ low, high }: Target): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}
