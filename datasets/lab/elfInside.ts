import { execFileSync } from 'node:child_process'
import { inflateRawSync } from 'node:zlib'

/** How a bzImage may have its kernel packed, and what unpacks it (Documentation/x86/boot.rst, payload_offset). */
const packings: readonly { readonly magic: readonly number[], readonly unpack: (bytes: Buffer) => Buffer }[] = [
  { magic: [0x1f, 0x8b, 0x08], unpack: (bytes) => inflateRawSync(bytes.subarray(10), { finishFlush: 2 }) },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], unpack: through('xz', '-dc', '--single-stream') },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: through('zstd', '-dc') },
  { magic: [0x02, 0x21, 0x4c, 0x18], unpack: through('lz4', '-dc') },
  { magic: [0x89, 0x4c, 0x5a, 0x4f], unpack: through('lzop', '-dc') }
]

/** Offsets in the setup header of a bzImage (Documentation/x86/boot.rst). */
const setupSectors = 0x1f1
const payloadOffset = 0x248
const payloadLength = 0x24c

/** The ELF file that a bzImage boots. @throws Error for an unknown packing */
export function elfInside(image: Buffer): Buffer {
  const start = (image[setupSectors] + 1) * 512 + image.readUInt32LE(payloadOffset)
  const payload = image.subarray(start, start + image.readUInt32LE(payloadLength))
  const packing = packings.find(({ magic }) => magic.every((byte, i) => payload[i] === byte))
  if (packing === undefined) throw new Error(`the kernel is packed in a way that is not known: it starts with ${payload.subarray(0, 6).toString('hex')}`)
  return packing.unpack(payload)
}

function through(program: string, ...args: string[]): (bytes: Buffer) => Buffer {
  return (bytes) => {
    try {
      return execFileSync(program, args, { input: bytes, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'ignore'] })
    } catch (error) {
      // What follows the packed data in the image, its length, makes some programs fail after they have unpacked it all.
      const { stdout } = error as { stdout?: Buffer }
      if (stdout === undefined || stdout.length === 0) throw error
      return stdout
    }
  }
}
