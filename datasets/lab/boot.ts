import type { Accelerator } from './accelerator.js'
import { say } from './command.js'
import { startGuest, type Guest, type Machine } from './qemu.js'

/** Seconds within which a guest reaches what it says on its way up. */
export type Limits = Readonly<Record<Accelerator, Readonly<Record<'kernel' | 'init', number>>>>

/** What a guest says on its way up: an accelerator may run the kernel's first instructions, and hang before its first program. */
const milestones = { kernel: 'Linux version', init: 'LAB: started' } as const
const defaultLimits: Limits = { kvm: { kernel: 10, init: 60 }, tcg: { kernel: 120, init: 300 } }

/**
 * Boots a guest with the first accelerator that does, up to where its own program speaks: a device that can be opened may still not run it, in a
 * machine that is itself a guest.
 * @throws Error where none does
 */
export async function boot(machine: Machine, [accelerator, ...others]: readonly Accelerator[], limits = defaultLimits): Promise<Guest> {
  const guest = await startGuest(machine, accelerator)
  try {
    await guest.saw(milestones.kernel, limits[accelerator].kernel)
    await guest.saw(milestones.init, limits[accelerator].init)
    return guest
  } catch (error) {
    guest.kill()
    const { message } = error as Error
    if (others.length > 0) {
      say(`${accelerator} does not run this guest (${message.split(/[;\n]/)[0]}): ${others[0]} does`)
      return boot(machine, others, limits)
    }
    throw new Error(`${accelerator} does not run this guest: ${message}`, { cause: error })
  }
}
