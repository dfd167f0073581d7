import type { DescribedGroup } from '../analysis/signatures.js'
import { words } from '../analysis/words.js'
import { typeOf } from '../dump/typedRead.js'
import { SlablabError } from '../errors.js'
import type { System } from '../system/system.js'
import { typeText } from '../util/typeText.js'
import { formatCount } from '../util/units.js'
import { hex } from '../util/hex.js'
import type { ExampleObject, ExampleWord } from './reportModel.js'

/** Bytes of an object that a report shows at most. */
const mostBytes = 256

interface WordRow {
  readonly offset: number
  readonly value: string | null
  readonly class: string
  readonly symbol: string | null
  readonly module: string | null
}

/** Words of zeros in a row that are shown as one line. */
const zerosInLine = 3

/**
 * The example of a group, byte by byte, with what each word points at. What lies behind the object's reach is shown as well, and marked:
 * it is the best sign of where the object ends.
 */
export function exampleObject(system: System, { cache, group, type, reach, signatures }: DescribedGroup, chosen = group.example): ExampleObject {
  const slot = cache?.objectBytes ?? cache?.slotBytes ?? reach.bytes
  const address = hex(chosen)
  const rows = words(system, [address], { bytes: Math.min(mostBytes, Math.max(slot, reach.bytes)) }).objects() as WordRow[]
  const wordBytes = system.memory.pointerBytes
  const members = type === null ? {} : (type.members ?? membersOf(system, type.type))
  const name = type === null ? 'unknown type' : typeText(type.type)
  const many = group.objects === signatures.readObjects ? `all ${formatCount(group.objects)}` : `${formatCount(group.objects)} of ${formatCount(signatures.readObjects)}`
  const alike = group.objects === 1 ? `the only one of ${formatCount(signatures.readObjects)} objects read that holds this` : `one of ${many} objects read that agree in their first ${reach.bytes} bytes`
  return {
    title: `${name}${cache === null ? '' : ` in ${cache.name}`}`,
    address,
    words: withoutZeros(rows.map((row): ExampleWord => ({
      offset: row.offset, words: 1, bytes: bytesOf(row.value, wordBytes, system.memory.littleEndian), class: row.class, symbol: row.symbol, module: row.module,
      value: row.value, cache: row.class === 'direct map pointer' ? system.slabs?.find(BigInt(row.value!))?.cache.name ?? null : null, member: row.offset < reach.bytes ? (members[row.offset] ?? null) : null, stale: row.offset >= reach.bytes
    })).map((word) => inHalves(word, members, wordBytes, system.memory.littleEndian))),
    note: `${alike}; ${reach.basis}`
  }
}

/** A word in which two members of four bytes lie: both names and both values. */
function inHalves(word: ExampleWord, members: Readonly<Record<number, string>>, wordBytes: number, littleEndian: boolean): ExampleWord {
  const half = wordBytes / 2
  const second = members[word.offset + half]
  if (wordBytes !== 8 || second === undefined || word.member === null || word.symbol !== null || word.value === null) return word
  const number = BigInt(word.value)
  const halves = [number & 0xffffffffn, number >> 32n]
  const [first, other] = littleEndian ? halves : halves.reverse()
  return { ...word, member: `${word.member} .${second}`, class: `0x${first.toString(16)}, 0x${other.toString(16)}`, value: null }
}

/** Names of members by offset, where the evidence holds the machine's types. */
function membersOf(system: System, type: string): Readonly<Record<number, string>> {
  try {
    // Of several at one offset the innermost comes last.
    return Object.fromEntries(typeOf(system, type).members().map(({ offset, path }) => [offset, path]))
  } catch (error) {
    if (error instanceof SlablabError) return {}
    throw error
  }
}

/** Runs of zero words without a name become one line. */
function withoutZeros(words: readonly ExampleWord[]): ExampleWord[] {
  const lines: ExampleWord[] = []
  for (let i = 0; i < words.length;) {
    let end = i
    while (end < words.length && words[end].class === 'zero' && words[end].member === null && words[end].stale === words[i].stale) end++
    if (end - i >= zerosInLine) {
      lines.push({ ...words[i], words: end - i })
      i = end
    } else {
      lines.push(words[i++])
    }
  }
  return lines
}

function bytesOf(value: string | null, count: number, littleEndian: boolean): number[] {
  if (value === null) return []
  const number = BigInt(value)
  const bytes = Array.from({ length: count }, (_, i) => Number((number >> BigInt(i * 8)) & 0xffn))
  return littleEndian ? bytes : bytes.reverse()
}

/** Bytes as text, unprintable ones as dots. */
export function asciiOf(bytes: readonly number[]): string {
  return bytes.map((byte) => (byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '.')).join('')
}

/** Classes whose bytes say all there is to say. */
const plain: ReadonlySet<string> = new Set(['missing', 'zero', 'ascii', 'other'])

/** What a word is, in words: its symbol and module, else its class and value. */
export function meaningOf({ class: kind, symbol, module, words, value, cache }: ExampleWord): string {
  if (symbol !== null) return module === null ? symbol : `${symbol} [${module}]`
  if (words > 1) return `${words} words of zeros`
  if (value === null || plain.has(kind)) return kind === 'other' || kind === 'missing' ? '' : kind
  return `${cache === null ? kind : `→ ${cache}`} ${value.replace(/^0x0+(?=.)/, '0x')}`
}
