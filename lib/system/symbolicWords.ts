import type { CrashTranscript } from '../source/crash/crashTranscript.js'
import type { Words } from '../source/crash/words.js'
import { WordStore } from '../source/crash/wordStore.js'
import type { Memory } from '../memory/memory.js'
import type { SymbolRecord, SymbolTable } from '../symbol/symbolTable.js'

/**
 * Symbols from words that a session printed twice, once as numbers (`rd`) and once as symbols (`rd -s`): what lies between them is where the
 * symbol starts.
 */
export function symbolsReadTwice(transcript: CrashTranscript, memory: Memory): SymbolRecord[] {
  const { address, name, offset, names } = transcript.symbolicWords
  const found = new Map<string, SymbolRecord>()
  for (let i = 0; i < address.length; i++) {
    const word = memory.tryRead(address[i], memory.pointerBytes)
    if (typeof word === 'string') continue
    const start = valueOf(word, memory) - BigInt(offset[i])
    const key = `${start} ${names[name[i]]}`
    const shownBytes = Math.max(offset[i] + 1, found.get(key)?.shownBytes ?? 0)
    found.set(key, { address: start, name: names[name[i]], type: '?', module: null, shownBytes })
  }
  return [...found.values()]
}

/** What further words say that are shown in other ways: by `search`, and by `rd -s` where the symbol's address is known. */
export interface ResolvedWords {
  readonly words: Words
  /** Symbols that `rd -s` shows in memory and whose addresses nothing tells, with how many words hold each. */
  readonly unresolved: ReadonlyMap<string, number>
  /** The same, where stand-in addresses have been given to them. */
  readonly standIns: readonly SymbolRecord[]
}

/**
 * Where stand-ins lie: at the top of the address space, below the values of error pointers, neither x86-64 nor arm64 maps anything (a hole
 * and a guard region of 2 MiB and more).
 */
const standInStart = 0xffffffffffe00000n
const standInEnd = 0xfffffffffff00000n
const standInAlignment = 16n

/**
 * Adds to the words of `rd` those that `search` and `rd -s` show. Symbols of `rd -s` whose addresses nothing tells get stand-in addresses,
 * so that objects that hold the same ones are told from others all the same.
 *
 * @param memory over the words of `rd` alone: what it holds is not overruled
 */
export function resolveWords(transcript: CrashTranscript, memory: Memory, symbols: SymbolTable): ResolvedWords {
  const store = new WordStore(transcript.words)
  store.bigEndian = transcript.bigEndian
  const { symbolicWords, hits, pointerBytes } = transcript
  const unresolved = new Map<string, number>()
  const highs = new Int32Array(1)
  const lows = new Int32Array(1)
  const add = (address: bigint, value: bigint): void => {
    if (typeof memory.tryRead(address, pointerBytes) !== 'string') return
    highs[0] = Number(value >> 32n & 0xffffffffn)
    lows[0] = Number(value & 0xffffffffn)
    store.addRow(Number(address >> 32n) | 0, Number(address & 0xffffffffn) | 0, pointerBytes, highs, lows, 1, 0)
  }
  const addressOf = new Map<string, bigint | undefined>()
  const standIns = standInsOf(transcript, (name) => {
    if (!addressOf.has(name)) addressOf.set(name, onlyAddress(symbols, name))
    return addressOf.get(name) !== undefined
  })
  for (const { name, address } of standIns) addressOf.set(name, address)
  const isStandIn = new Set(standIns.map(({ name }) => name))
  for (let i = 0; i < symbolicWords.address.length; i++) {
    const name = symbolicWords.names[symbolicWords.name[i]]
    const start = addressOf.get(name)
    if ((start === undefined || isStandIn.has(name)) && typeof memory.tryRead(symbolicWords.address[i], pointerBytes) === 'string') {
      unresolved.set(name, (unresolved.get(name) ?? 0) + 1)
    }
    if (start !== undefined) add(symbolicWords.address[i], start + BigInt(symbolicWords.offset[i]))
  }
  for (const { address, value } of hits) add(address, value)
  return { words: store.isChanged ? store.finish() : transcript.words, unresolved, standIns }
}

function standInsOf({ symbolicWords, pointerBytes }: CrashTranscript, isKnown: (name: string) => boolean): SymbolRecord[] {
  // A 32-bit machine has no room to spare.
  if (pointerBytes === 4) return []
  const reach = new Float64Array(symbolicWords.names.length)
  for (let i = 0; i < symbolicWords.name.length; i++) reach[symbolicWords.name[i]] = Math.max(reach[symbolicWords.name[i]], symbolicWords.offset[i] + 1)
  let next = standInStart
  return symbolicWords.names.flatMap((name, i) => {
    const end = next + (BigInt(reach[i]) + standInAlignment - 1n) / standInAlignment * standInAlignment
    if (isKnown(name) || end > standInEnd) return []
    const address = next
    next = end
    return [{ address, name, type: '?', module: null, shownBytes: reach[i], standIn: true as const }]
  })
}

function onlyAddress(symbols: SymbolTable, name: string): bigint | undefined {
  const addresses = new Set(symbols.named(name).map(({ address }) => address))
  return addresses.size === 1 ? addresses.values().next().value : undefined
}

function valueOf(bytes: Uint8Array, memory: Memory): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return memory.pointerBytes === 8 ? view.getBigUint64(0, memory.littleEndian) : BigInt(view.getUint32(0, memory.littleEndian))
}
