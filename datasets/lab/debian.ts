import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { command, hasProgram, say } from './command.js'
import { elfInside } from './elfInside.js'
import type { Kernel } from './kernel.js'

/** Programs, and Debian's packages that hold them. */
const always: Readonly<Record<string, string>> = { make: 'make', gcc: 'gcc', makedumpfile: 'makedumpfile', pahole: 'pahole', strip: 'binutils', tar: 'tar' }

/** The modules by which the stock kernel reaches its disk and QEMU's note of where VMCOREINFO is. */
const diskModules = [
  'drivers/firmware/qemu_fw_cfg', 'drivers/virtio/virtio', 'drivers/virtio/virtio_ring', 'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev', 'drivers/virtio/virtio_pci', 'drivers/block/virtio_blk'
]

/** Installs what is missing where this is Debian and we are root; otherwise names it. */
export function needPackages(programs: Readonly<Record<string, string>>, packages: readonly string[] = []): void {
  const missing = [...new Set([
    ...Object.entries({ ...always, ...programs }).filter(([program]) => !hasProgram(program)).map(([, name]) => name),
    ...packages.filter((name) => !isInstalled(name))
  ])]
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) throw new Error(`not installed: ${missing.join(', ')}\nOn Debian: apt-get ${install.join(' ')}`)
  say(`installing ${missing.join(', ')}`)
  command('apt-get', ['-qq', 'update'])
  command('apt-get', ['-qq', ...install], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
}

function isInstalled(name: string): boolean {
  try {
    return command('dpkg-query', ['-W', '-f', '${Status}', name]).includes('install ok installed')
  } catch {
    return false
  }
}

/** Unpacks a package without installing it; once. */
export function unpacked(name: string, cache: string): string {
  const folder = path.join(cache, name)
  if (existsSync(path.join(folder, '.done'))) return folder
  say(`fetching ${name}`)
  mkdirSync(folder, { recursive: true })
  command('apt-get', ['download', name], { folder })
  const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'))
  if (file === undefined) throw new Error(`apt-get download ${name} left no package`)
  command('dpkg', ['-x', file, '.'], { folder })
  writeFileSync(path.join(folder, '.done'), `${file}\n`)
  return folder
}

/** Debian's stock cloud kernel, as it is, with the headers that modules are built with. */
export function debianKernel(cache: string): Kernel {
  needPackages({ 'qemu-system-x86_64': 'qemu-system-x86' }, ['linux-headers-cloud-amd64'])
  const headers = readdirSync('/usr/src').filter((name) => /^linux-headers-.*-cloud-amd64$/.test(name)).sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)
  if (headers === undefined) throw new Error('linux-headers-cloud-amd64 left no headers in /usr/src')
  const release = headers.replace('linux-headers-', '')
  const folder = unpacked(`linux-image-${release}`, cache)
  const image = path.join(folder, 'boot', `vmlinuz-${release}`)
  // The headers come without the types that the module's own build on; they are in the image.
  const types = path.join(folder, 'vmlinux')
  if (!existsSync(types)) writeFileSync(types, elfInside(readFileSync(image)))
  return {
    release, architecture: 'x86_64', image, buildFolder: path.join('/usr/src', headers), types,
    modules: diskModules.map((module) => path.join(folder, 'lib/modules', release, 'kernel', `${module}.ko`)),
    busybox: path.join(unpacked('busybox-static', cache), 'bin/busybox'), makeWords: []
  }
}
