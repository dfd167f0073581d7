import type { Memory } from '../../memory/memory.js'
import type { StructMatcher, WordEvidence } from '../../type/structMatch.js'
import type { Batch } from './batch.js'
import { ownWords, speaksFor, SURE_BITS, tellingWords, tells, type Conclusion } from './conclude.js'
import { readContents } from './groupContents.js'
import type { GroupWords } from './groupWords.js'
import type { Incoming } from './incoming.js'
import type { ObjectTypes } from './objectTypes.js'

const WORD_BYTES = 8
/** Words that are told apart by bits of one number. */
const MOST_BITS = 52
const NONE = new BigUint64Array(0)

/** Which objects of a batch are not what the batch was told to be: addresses, ascending. */
export class OddObjects {
  constructor(readonly memory: Memory, readonly matcher: StructMatcher, readonly words: GroupWords, readonly objects: ObjectTypes, readonly incoming: Incoming) {}

  /** Of a whole group, those that do not have the words by which the struct is told. */
  unlike({ described: { group, signatures }, length }: Batch, told: Conclusion): BigUint64Array {
    const offsets = new Set(ownWords(told).map(({ offset }) => offset))
    const words = group.words.filter(({ offset, bytes }) => bytes === WORD_BYTES && offsets.has(offset))
    return length < group.objects || words.every(({ share }) => share === 1) ? NONE : signatures.unlike(group, words)
  }

  /** Those whose words lead elsewhere than most of the others' do: to another struct, or, where these words are nearly all that tells, to what is not known. */
  pointingElsewhere({ members, length }: Batch, number: number, words: readonly WordEvidence[], { candidate }: Conclusion): BigUint64Array {
    const { objects } = this
    const disputed = this.words.disputed(number, words)
    if (disputed.length === 0) return NONE
    const isWeak = candidate.bits < SURE_BITS
    const addresses = objects.addressesOf(members!)
    const out = new Set<number>()
    for (const word of disputed) {
      const { rows, words: read, halves } = readContents(this.memory, addresses, word.offset + WORD_BYTES, length)
      for (let i = 0, at = word.offset >>> 2; i < rows.length; i++, at += halves) {
        const target = objects.target(read[at], read[at + 1])
        const struct = target < 0 ? 0 : objects.group[target] === number ? candidate.id : objects.struct[target]
        if (struct === 0 ? isWeak : this.words.isElsewhere(word, struct, objects.offsetIn(target, read[at], read[at + 1]))) out.add(rows[i])
      }
    }
    return addresses.filter((_, row) => out.has(row))
  }

  /** Those that are zero in so many of the words by which the batch is told that what is left says nothing of them. */
  pointingNowhere({ described: { group }, members, length }: Batch, words: readonly WordEvidence[], told: Conclusion): BigUint64Array {
    const offsets = tellingWords(told).map(({ offset }) => offset).slice(0, MOST_BITS)
    // A cache that is named after the struct tells of all that is in it.
    if (told.candidate.evidence.some(({ kind }) => kind === 'cache') || !tells(words, told)) return NONE
    const everywhere = new Set(group.words.filter(({ share, class: kind }) => share === 1 && kind !== 'varying').map(({ offset }) => offset))
    if (speaksFor(words.filter(({ offset }) => everywhere.has(offset)), told)) return NONE
    const addresses = this.objects.addressesOf(members!)
    const { rows, words: read, halves } = readContents(this.memory, addresses, Math.max(...offsets) + WORD_BYTES, length)
    const known = new Map<number, boolean>()
    const out = new Set<number>()
    for (let i = 0; i < rows.length; i++) {
      const isPresent = (offset: number): boolean => (read[i * halves + offset / 4] | read[i * halves + offset / 4 + 1]) !== 0
      const key = offsets.reduce((sum, offset, bit) => (isPresent(offset) ? sum + 2 ** bit : sum), 0)
      let isTold = known.get(key)
      if (isTold === undefined) known.set(key, (isTold = speaksFor(words.filter(({ offset }) => offsets.includes(offset) && isPresent(offset)), told)))
      if (!isTold) out.add(rows[i])
    }
    return addresses.filter((_, row) => out.has(row))
  }

  /** Those that are led to as something else than was told; or, where all must be led to, not as that. */
  ledElsewhere({ members }: Batch, { candidate: { id, evidence } }: Conclusion, mustBeLed: boolean): BigUint64Array {
    const { matcher } = this
    const struct = matcher.canonical.of(id)
    const isExact = evidence.some(({ exact, fits }) => exact && fits)
    return this.objects.addressesOf(members!.filter((object) => {
      const leads = this.incoming.of(object)
      if (leads.length === 0) return mustBeLed
      const types = leads.map((lead) => ({ type: matcher.canonical.of(lead.pointee), offset: lead.offset }))
      const fitting = types.filter(({ type, offset }) => matcher.typesAt(id, offset).includes(type))
      const isLed = fitting.some(({ type }) => type === struct)
      return !isLed && ((mustBeLed && isExact) || fitting.length === 0 || fitting.length < types.length)
    }))
  }
}
