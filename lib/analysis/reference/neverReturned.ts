import type { KernelView } from '../../slab/kernelView.js'
import { returnAddress } from '../../slab/returnAddress.js'
import type { TaskStack } from './stacks.js'

/** A kernel thread's first frames, and what it began with, lie at the very end of its stack: registers of 336 bytes (arm64) and two or three frames. */
const FIRST_FRAMES = 1024
const WORD = 8
/** rbx, rbp and r12 to r15: what a function of x86-64 saves first where it needs them. */
const SAVED_REGISTERS = 6

export interface StackPart {
  readonly start: bigint
  readonly end: bigint
}

/**
 * Parts of kernel threads' stacks that nothing reads any more: a thread's function is called by `kthread()`, which ends the thread when that
 * returns (kernel/kthread.c). So its own frame, and those that it was called from, are dead; and so are its registers where the thread's
 * function saved them. They hold the address of what the thread was created by (`struct kthread_create_info`), freed long since.
 */
export function neverReturnedTo(view: KernelView, stacks: readonly TaskStack[]): StackPart[] {
  return stacks.filter(({ isKernelThread }) => isKernelThread).flatMap((stack) => deadParts(view, stack))
}

function deadParts(view: KernelView, { end }: TaskStack): StackPart[] {
  const start = end - BigInt(FIRST_FRAMES)
  const bytes = view.memory.tryRead(start, FIRST_FRAMES)
  if (typeof bytes === 'string') return []
  const data = new DataView(bytes.buffer, bytes.byteOffset)
  const words = Array.from({ length: FIRST_FRAMES / WORD }, (_, i) => data.getBigUint64(i * WORD, true))
  const at = (word: number): bigint => start + BigInt(word * WORD)
  // A stale return address lies deeper than the true one.
  const returns = words.findLastIndex((word) => isInKthread(view, word))
  if (returns <= SAVED_REGISTERS) return []
  if (view.architecture === 'arm64') {
    // A frame record: where the caller's frame begins, then where to return to.
    const frame = words[returns - 1]
    return frame > at(returns) && frame < end ? [{ start: frame, end }] : []
  }
  const dead = new Set(words.slice(returns + 1).filter((word) => word !== 0n))
  const saved = Array.from({ length: SAVED_REGISTERS }, (_, i) => returns - 1 - i).filter((word) => dead.has(words[word]))
  return [{ start: at(returns + 1), end }, ...saved.map((word) => ({ start: at(word), end: at(word + 1) }))]
}

function isInKthread(view: KernelView, word: bigint): boolean {
  const symbol = view.symbols.at(returnAddress(view, word))
  return symbol !== undefined && symbol.offset > 0 && symbol.module === null && /^kthread(\.|$)/.test(symbol.name)
}
