import type { SymbolRecord } from '../../lib/symbol/symbolTable.js'

/** Kernel functions of a made-up x86-64 kernel, and two of a module. */
export const leakSymbols: readonly SymbolRecord[] = [
  { address: 0xffffffff81000000n, name: '_text', type: 'T', module: null },
  { address: 0xffffffff81234560n, name: 'single_start', type: 't', module: null },
  { address: 0xffffffff81234580n, name: 'single_stop', type: 't', module: null },
  { address: 0xffffffff812345a0n, name: 'single_next', type: 't', module: null },
  { address: 0xffffffff812345c0n, name: 'delayed_work_timer_fn', type: 'T', module: null },
  { address: 0xffffffff82000000n, name: 'init_net', type: 'D', module: null },
  { address: 0xffffffff82800000n, name: '_end', type: 'B', module: null },
  { address: 0xffffffffc0123000n, name: 'leaky_show', type: 't', module: 'leaky' },
  { address: 0xffffffffc0123400n, name: 'leaky_other_show', type: 't', module: 'leaky' },
  { address: 0xffffffffc0123800n, name: 'leaky_work', type: 't', module: 'leaky' }
]

export const directMap = 0xffff888010000000n

const single = [0xffffffff81234560n, 0xffffffff81234580n, 0xffffffff812345a0n]
/** struct seq_operations as single_open() fills it. */
export const seqOperations: readonly bigint[] = [...single, 0xffffffffc0123000n]
export const otherSeqOperations: readonly bigint[] = [...single, 0xffffffffc0123400n]

/** A session: an empty list head, a magic number beside a counter, a work_struct, a name. */
export function session(address: bigint, counter: number): bigint[] {
  return [
    address, address, (BigInt(counter) << 32n) | 0x5e5510a7n, 0xfffffffe0n, address + 0x20n, address + 0x20n, 0xffffffffc0123800n,
    text('session-'), text(String(counter))
  ]
}

/** Up to 8 characters as a little-endian word. */
export function text(characters: string): bigint {
  return [...characters].reduceRight((word, character) => (word << 8n) | BigInt(character.charCodeAt(0)), 0n)
}
