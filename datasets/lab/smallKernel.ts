import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostArchitecture } from './accelerator.js'
import { command, say } from './command.js'
import { needPackages, unpacked } from './debian.js'
import { foreignPackage } from './foreign.js'
import type { Kernel } from './kernel.js'
import type { LabOptions } from './options.js'

const configs = fileURLToPath(new URL('kernel/', import.meta.url))
const source = 'linux-source-6.1'
const builders = { flex: 'flex', bison: 'bison', bc: 'bc', xz: 'xz-utils' }
/** What make calls an architecture and its image. */
const architectures = {
  x86_64: { words: [], image: 'arch/x86/boot/bzImage', target: 'bzImage', programs: { 'qemu-system-x86_64': 'qemu-system-x86' } },
  arm64: {
    words: ['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-'], image: 'arch/arm64/boot/Image', target: 'Image',
    programs: { 'qemu-system-aarch64': 'qemu-system-arm', 'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu' }
  }
} as const

/** A kernel of a few megabytes from Debian's source: built at the first use, which takes some minutes, and then kept. */
export function smallKernel({ architecture, allocator }: LabOptions, cache: string): Kernel {
  const { words, image, target, programs } = architectures[architecture]
  needPackages({ ...builders, ...programs }, ['libelf-dev', 'libssl-dev'])
  const build = path.join(cache, `build-${architecture}-${allocator}`)
  const fragments = ['common', architecture, allocator].map((name) => path.join(configs, `${name}.config`))
  const wanted = fragments.map((file) => readFileSync(file, 'utf8')).join('')
  const built = path.join(build, '.lab-config')
  if (!existsSync(built) || readFileSync(built, 'utf8') !== wanted) {
    const tree = sourceTree(cache)
    mkdirSync(build, { recursive: true })
    const make = ['-s', `O=${build}`, ...words]
    say(`building a small ${architecture} kernel with ${allocator.toUpperCase()}: this takes some minutes, once`)
    command('make', [...make, 'tinyconfig'], { folder: tree })
    command('scripts/kconfig/merge_config.sh', ['-O', build, path.join(build, '.config'), ...fragments], {
      folder: tree, env: Object.fromEntries(words.map((word) => word.split('=') as [string, string]))
    })
    command('make', [...make, `-j${cpus().length}`, target, 'modules'], { folder: tree })
    writeFileSync(built, wanted)
  }
  return {
    release: readFileSync(path.join(build, 'include/config/kernel.release'), 'utf8').trim(), architecture, image: path.join(build, image),
    buildFolder: build, types: null, modules: [], makeWords: words,
    busybox: path.join(architecture === hostArchitecture ? unpacked('busybox-static', cache) : foreignPackage('busybox-static', architecture, cache), 'bin/busybox')
  }
}

function sourceTree(cache: string): string {
  const tree = path.join(cache, source)
  if (existsSync(path.join(tree, 'Makefile'))) return tree
  const folder = path.join(unpacked(source, cache), 'usr/src')
  const archive = readdirSync(folder).find((name) => name.startsWith(`${source}.tar`))
  if (archive === undefined) throw new Error(`${source} holds no archive of the source`)
  command('tar', ['-C', cache, '-xf', path.join(folder, archive)])
  return tree
}
