import path from 'node:path'
import { hostArchitecture, type Architecture } from './accelerator.js'
import { command } from './command.js'
import { needPackages } from './debian.js'
import { foreignPackage } from './foreign.js'

/** Runs makedumpfile on dumps of an architecture: it filters those of the one it was built for, so for others QEMU runs that one's. */
export function makedumpfile(architecture: Architecture, cache: string): (...args: string[]) => string {
  if (architecture === hostArchitecture) return (...args) => command('makedumpfile', args)
  const emulator = architecture === 'arm64' ? 'qemu-aarch64-static' : 'qemu-x86_64-static'
  needPackages({ [emulator]: 'qemu-user-static' })
  const root = foreignPackage('makedumpfile', architecture, cache)
  return (...args) => command(emulator, ['-L', root, path.join(root, 'usr/bin/makedumpfile'), ...args])
}
