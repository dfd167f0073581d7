import type { System } from '../system/system.js'
import type { BtfTypes } from '../type/btfTypes.js'
import type { StructMatcher, WordEvidence } from '../type/structMatch.js'
import type { SignatureWord } from './signature.js'
import type { DescribedGroup } from './signatures.js'
import { structOfCache } from './structOfCache.js'

const WORD_BYTES = 8

/** What the words of a group say of the struct in it. Words that are zero, missing or differ in kind say nothing. */
export function wordEvidenceOf(system: System, described: DescribedGroup, types: BtfTypes, matcher: StructMatcher): WordEvidence[] {
  const found: WordEvidence[] = []
  const { bytes } = described.reach
  for (const word of described.group.words) {
    if (word.offset >= bytes || word.offset % WORD_BYTES !== 0) continue
    const evidence = evidenceOf(system, described, word, types, matcher)
    if (evidence !== undefined) found.push(evidence)
  }
  return found
}

function evidenceOf(
  system: System, described: DescribedGroup, word: SignatureWord, types: BtfTypes, matcher: StructMatcher
): WordEvidence | undefined {
  const { offset, value, symbol } = word
  switch (word.class) {
    case 'kernel text':
    case 'module text':
      if (symbol === null || symbol.offset !== 0) return { offset, kind: 'address' }
      return matcher.functionAt(offset, symbol.name, symbol.module)
    case 'self pointer':
    case 'empty list head':
      return value === null ? undefined : { offset, kind: 'kin', target: Number(value) }
    case 'slab pointer':
    case 'direct map pointer':
      return pointerEvidence(system, described, offset, types, matcher)
    case 'kernel data':
    case 'module data':
    case 'vmalloc pointer':
    case 'kernel pointer':
    case 'page structure pointer':
      return { offset, kind: 'address' }
    case 'ascii':
      return { offset, kind: 'text' }
    case 'small integer':
    case 'other':
    case 'error pointer':
      return word.bytes < WORD_BYTES ? undefined : { offset, kind: 'number' }
    default:
      return undefined
  }
}

/** Where the example's pointer leads: into an object of a dedicated cache, or of the group's own cache. */
function pointerEvidence(
  system: System, { cache, group }: DescribedGroup, offset: number, types: BtfTypes, matcher: StructMatcher
): WordEvidence {
  const plain: WordEvidence = { offset, kind: 'address' }
  const bytes = system.memory.tryRead(group.example + BigInt(offset), WORD_BYTES)
  if (typeof bytes === 'string') return plain
  const pointer = new DataView(bytes.buffer, bytes.byteOffset, WORD_BYTES).getBigUint64(0, system.memory.littleEndian)
  const place = system.slabs?.find(pointer)
  if (place === undefined || place.offset < 0) return plain
  const struct = structOfCache(place.cache, types)
  if (struct !== undefined) return matcher.pointerAt(offset, struct.id, place.offset)
  return place.cache.name === cache?.name && place.slot !== null ? { offset, kind: 'kin', target: place.offset } : plain
}
