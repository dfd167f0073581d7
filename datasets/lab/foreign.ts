import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Architecture } from './accelerator.js'
import { command, say } from './command.js'

/** Debian's names for what QEMU and we call otherwise. */
export const debianNames: Readonly<Record<Architecture, string>> = { x86_64: 'amd64', arm64: 'arm64' }

/**
 * Unpacks a package of another architecture, with all that it depends on, into a folder of its own; once. apt works on a state of its own there, so this
 * machine gets no foreign architecture, and nothing is installed.
 */
export function foreignPackage(name: string, architecture: Architecture, cache: string): string {
  const folder = path.join(cache, `debian-${architecture}`, name)
  const root = path.join(folder, 'root')
  if (existsSync(path.join(folder, '.done'))) return root
  say(`fetching ${name} for ${architecture}`)
  const state = path.join(cache, `debian-${architecture}`, 'apt')
  const archives = path.join(folder, 'archives')
  for (const each of [path.join(state, 'lists/partial'), path.join(archives, 'partial'), root]) mkdirSync(each, { recursive: true })
  writeFileSync(path.join(state, 'status'), '')
  const settings = {
    'APT::Architecture': debianNames[architecture], 'APT::Architectures': debianNames[architecture], 'APT::Sandbox::User': '',
    'Dir::State': state, 'Dir::State::status': path.join(state, 'status'), 'Dir::Cache': state, 'Dir::Cache::archives': archives
  }
  const apt = (...args: string[]): string => command('apt-get', ['-qq', ...Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]), ...args])
  apt('update')
  apt('install', '-y', '--no-install-recommends', '--download-only', name)
  const packages = readdirSync(archives).filter((file) => file.endsWith('.deb'))
  if (packages.length === 0) throw new Error(`apt-get install --download-only ${name} left no package`)
  for (const file of packages) command('dpkg', ['-x', path.join(archives, file), root])
  writeFileSync(path.join(folder, '.done'), `${packages.join('\n')}\n`)
  return root
}
