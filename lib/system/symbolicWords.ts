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
}

/**
 * Adds to the words of `rd` those that `search` and `rd -s` show. A name that several functions share tells no address.
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
  for (let i = 0; i < symbolicWords.address.length; i++) {
    const name = symbolicWords.names[symbolicWords.name[i]]
    if (!addressOf.has(name)) addressOf.set(name, onlyAddress(symbols, name))
    const start = addressOf.get(name)
    if (start !== undefined) add(symbolicWords.address[i], start + BigInt(symbolicWords.offset[i]))
    else if (typeof memory.tryRead(symbolicWords.address[i], pointerBytes) === 'string') unresolved.set(name, (unresolved.get(name) ?? 0) + 1)
  }
  for (const { address, value } of hits) add(address, value)
  return { words: store.isChanged ? store.finish() : transcript.words, unresolved }
}

function onlyAddress(symbols: SymbolTable, name: string): bigint | undefined {
  const addresses = new Set(symbols.named(name).map(({ address }) => address))
  return addresses.size === 1 ? addresses.values().next().value : undefined
}

function valueOf(bytes: Uint8Array, memory: Memory): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return memory.pointerBytes === 8 ? view.getBigUint64(0, memory.littleEndian) : BigInt(view.getUint32(0, memory.littleEndian))
}
