import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

export interface GuestFile {
  readonly path: string
  readonly content: Uint8Array | string
  readonly mode?: number
}

/** File types (include/uapi/linux/stat.h). */
const folder = 0o040000
const device = 0o020000
const regular = 0o100000
/** /dev/console: major 5, minor 1 (Documentation/admin-guide/devices.txt). */
const console = [5, 1] as const

/** A file of the host, for the guest. */
export function guestFile(target: string, file: string, mode = 0o644): GuestFile {
  return { path: target, content: readFileSync(file), mode }
}

/** An initramfs as the kernel unpacks it: gzip of cpio "newc" (Documentation/driver-api/early-userspace/buffer-format.rst). */
export function initramfs(files: readonly GuestFile[]): Buffer {
  const folders = [...new Set(['proc', 'sys', 'dev', 'out', 'tmp', 'bin', 'lib', ...files.map((file) => path.dirname(file.path))])].filter((name) => name !== '.')
  const entries = [
    ...folders.map((name) => entry(name, folder | 0o755, Buffer.alloc(0))),
    entry('dev/console', device | 0o600, Buffer.alloc(0), console),
    ...files.map((file) => entry(file.path, regular | (file.mode ?? 0o644), Buffer.from(file.content))),
    entry('TRAILER!!!', 0, Buffer.alloc(0))
  ]
  return gzipSync(Buffer.concat(entries), { level: 9 })
}

let inode = 0

function entry(name: string, mode: number, content: Buffer, [major, minor]: readonly [number, number] = [0, 0]): Buffer {
  const fields = [++inode, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length + 1, 0]
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`
  return Buffer.concat([padded(Buffer.from(head)), padded(content)])
}

/** Headers and contents start at multiples of four. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}
