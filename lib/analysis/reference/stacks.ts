import { FaultError } from '../../errors.js'
import { readBytes, readU64 } from '../../memory/memory.js'
import type { KernelView } from '../../slab/kernelView.js'
import type { SlabObjects } from '../../slab/model.js'
import { allocatedIn } from '../../slab/slabRuns.js'
import { StructReader } from '../../slab/structReader.js'

/** Where a kernel's stacks are 16 KiB unless BTF says otherwise: THREAD_SIZE on x86-64 and arm64. */
const THREAD_BYTES = 16384
/** What a task is called: TASK_COMM_LEN. */
const COMM_BYTES = 16
/** include/linux/sched.h */
const PF_KTHREAD = 0x00200000

/** One task's kernel stack. */
export interface TaskStack {
  readonly task: bigint
  readonly pid: number
  readonly comm: string
  /** Lowest address. */
  readonly start: bigint
  readonly end: bigint
  /** Where the live part begins: the saved stack pointer; `start` for a task on a CPU, whose registers the kernel has not saved. */
  readonly live: bigint
  /** Whether it runs a function of the kernel, and no program. */
  readonly isKernelThread: boolean
}

/**
 * Kernel stacks of all tasks, from the allocated objects of the cache `task_struct`. What lies below a saved stack pointer is dead.
 * Tasks that cannot be read are left out, with a warning: their whole stacks then count.
 */
export function taskStacks(view: KernelView, objects: SlabObjects): TaskStack[] {
  const task = new StructReader(view.memory, view.types, 'task_struct')
  const pointer = task.spelled('thread.sp', 'thread.cpu_context.sp')
  if (!task.has('stack') || pointer === undefined) return []
  const bytes = BigInt(view.types.sizeOf('thread_union') ?? THREAD_BYTES)
  const found: TaskStack[] = []
  for (const i of allocatedIn(objects, ({ name, aliases }) => name === 'task_struct' || aliases.includes('task_struct'))) {
    const address = objects.address[i]
    try {
      const start = task.pointer(address, 'stack')
      if (start === 0n || start % 0x1000n !== 0n) continue
      const end = start + bytes
      const saved = task.pointer(address, pointer)
      const running = task.has('on_cpu') && task.number(address, 'on_cpu') !== 0
      const live = !running && saved >= start && saved < end ? saved : start
      found.push({
        task: address, pid: task.number(address, 'pid'), comm: commOf(view, address + BigInt(task.offset('comm'))), start, end, live,
        isKernelThread: task.has('flags') && (task.number(address, 'flags') & PF_KTHREAD) !== 0
      })
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      view.warnings.add(`a task's stack: ${error.message}`)
    }
  }
  return found
}

/**
 * Stacks of tasks that are gone, kept for the next ones (`cached_stacks`, kernel/fork.c): all of them is dead.
 */
export function cachedStacks(view: KernelView): { readonly start: bigint; readonly end: bigint }[] {
  const symbol = view.symbol('cached_stacks')
  const area = new StructReader(view.memory, view.types, 'vm_struct')
  if (symbol === undefined || !area.exists) return []
  const found: { start: bigint; end: bigint }[] = []
  const bytes = BigInt(view.types.sizeOf('thread_union') ?? THREAD_BYTES)
  for (const cpu of view.cpus) {
    // NR_CACHED_STACKS is 2 (kernel/fork.c).
    for (const slot of [0n, 8n]) {
      try {
        const entry = readU64(view.memory, view.perCpu(symbol, cpu) + slot, 'cached_stacks')
        if (entry === 0n) continue
        const start = area.pointer(entry, 'addr')
        found.push({ start, end: start + bytes })
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        view.warnings.add(`stacks kept by CPU ${cpu}: ${error.message}`)
      }
    }
  }
  return found
}

/**
 * Stacks for interrupts of x86-64's CPUs that handle none (`hardirq_stack_inuse`, of `pcpu_hot` in v6.2 to v6.14; arch/x86/include/asm/irq_stack.h): all
 * of such is dead.
 */
export function idleIrqStacks(view: KernelView): { readonly start: bigint; readonly end: bigint }[] {
  const stacks = view.symbol('irq_stack_backing_store')
  const bytes = view.types.sizeOf('irq_stack')
  const hot = view.types.member('pcpu_hot', 'hardirq_stack_inuse')
  const inUse = hot === undefined ? view.symbol('hardirq_stack_inuse') : view.symbol('pcpu_hot')
  if (stacks === undefined || bytes === undefined || inUse === undefined) return []
  return view.cpus.flatMap((cpu) => {
    try {
      const [flag] = readBytes(view.memory, view.perCpu(inUse, cpu) + BigInt(hot?.offset ?? 0), 1)
      const start = view.perCpu(stacks, cpu)
      return flag === 0 ? [{ start, end: start + BigInt(bytes) }] : []
    } catch (error) {
      if (!(error instanceof FaultError)) throw error
      view.warnings.add(`the stack for interrupts of CPU ${cpu}: ${error.message}`)
      return []
    }
  })
}

function commOf(view: KernelView, address: bigint): string {
  const bytes = view.memory.tryRead(address, COMM_BYTES)
  return typeof bytes === 'string' ? '' : Buffer.from(bytes).toString('latin1').replace(/\0.*$/s, '')
}
