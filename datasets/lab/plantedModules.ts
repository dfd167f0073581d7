import { cpSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { command } from './command.js'
import type { Kernel } from './kernel.js'

const sources = fileURLToPath(new URL('module/', import.meta.url))

/** Builds the modules for a kernel, with their own types, and returns their files. */
export function plantedModules(kernel: Kernel, work: string): string[] {
  const folder = path.resolve(work, 'module')
  mkdirSync(folder, { recursive: true })
  cpSync(sources, folder, { recursive: true })
  command('make', ['-C', kernel.buildFolder, `M=${folder}`, ...kernel.makeWords, 'modules'])
  const cross = kernel.makeWords.find((word) => word.startsWith('CROSS_COMPILE='))?.replace('CROSS_COMPILE=', '') ?? ''
  return ['planted.ko', 'departed.ko'].map((name) => {
    const module = path.join(folder, name)
    if (kernel.types !== null) command('pahole', ['-J', '--btf_gen_floats', '--btf_base', kernel.types, module], { env: { LLVM_OBJCOPY: `${cross}objcopy` } })
    command(`${cross}strip`, ['-g', module])
    return module
  })
}
