import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { command, say } from './command.js'
import { needPackages, unpacked } from './debian.js'
import type { Kernel } from './kernel.js'
import type { LabOptions } from './options.js'

const configs = fileURLToPath(new URL('kernel/', import.meta.url))
const source = 'linux-source-6.1'
const builders = { flex: 'flex', bison: 'bison', bc: 'bc', xz: 'xz-utils' }
/** What make calls an architecture, its image, and Debian's name for it. */
const architectures = {
  x86_64: { words: [], image: 'arch/x86/boot/bzImage', target: 'bzImage', debian: 'amd64', programs: { 'qemu-system-x86_64': 'qemu-system-x86' } },
  arm64: {
    words: ['ARCH=arm64', 'CROSS_COMPILE=aarch64-linux-gnu-'], image: 'arch/arm64/boot/Image', target: 'Image', debian: 'arm64',
    programs: { 'qemu-system-aarch64': 'qemu-system-arm', 'aarch64-linux-gnu-gcc': 'gcc-aarch64-linux-gnu' }
  }
} as const

/** A kernel of a few megabytes from Debian's source: built at the first use, which takes some minutes, and then kept. */
export function smallKernel({ architecture, allocator }: LabOptions, cache: string): Kernel {
  const { words, image, target, debian, programs } = architectures[architecture]
  needPackages({ ...builders, ...programs }, ['libelf-dev', 'libssl-dev'])
  const build = path.join(cache, `build-${architecture}-${allocator}`)
  if (!existsSync(path.join(build, image)) || !existsSync(path.join(build, 'Module.symvers'))) {
    const tree = sourceTree(cache)
    mkdirSync(build, { recursive: true })
    const make = ['-s', `O=${build}`, ...words]
    say(`building a small ${architecture} kernel with ${allocator.toUpperCase()}: this takes some minutes, once`)
    command('make', [...make, 'tinyconfig'], { folder: tree })
    const fragments = ['common', architecture, allocator].map((name) => path.join(configs, `${name}.config`))
    command('scripts/kconfig/merge_config.sh', ['-O', build, path.join(build, '.config'), ...fragments], {
      folder: tree, env: Object.fromEntries(words.map((word) => word.split('=') as [string, string]))
    })
    command('make', [...make, `-j${cpus().length}`, target, 'modules'], { folder: tree })
  }
  return {
    release: readFileSync(path.join(build, 'include/config/kernel.release'), 'utf8').trim(), architecture, image: path.join(build, image),
    buildFolder: build, types: null, modules: [], makeWords: words,
    busybox: path.join(unpackedBusybox(cache, debian), 'bin/busybox')
  }
}

function unpackedBusybox(cache: string, architecture: string): string {
  if (command('dpkg', ['--print-architecture']).trim() === architecture) return unpacked('busybox-static', cache)
  if (!command('dpkg', ['--print-foreign-architectures']).split('\n').includes(architecture)) {
    command('dpkg', ['--add-architecture', architecture])
    command('apt-get', ['-qq', 'update'])
  }
  return unpacked('busybox-static', cache, architecture)
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
