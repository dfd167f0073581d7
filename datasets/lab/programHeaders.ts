import { closeSync, openSync, readSync, writeSync } from 'node:fs'

/** Fields of an ELF-64 header (System V ABI, chapter 4). */
const headerBytes = 64
const programHeaders = 32
const sectionHeaders = 40
const programHeaderBytes = 54
const programHeaderCount = 56
const sectionFields = { start: 58, bytes: 6 }

/**
 * Moves the program headers of an ELF dump to right behind its header. QEMU since 7.1 writes section headers there and the program headers
 * after them, which the header says and makedumpfile 1.7.2 does not read.
 */
export function moveProgramHeaders(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    const header = Buffer.alloc(headerBytes)
    readSync(descriptor, header, 0, headerBytes, 0)
    const headers = Buffer.alloc(header.readUInt16LE(programHeaderBytes) * header.readUInt16LE(programHeaderCount))
    readSync(descriptor, headers, 0, headers.length, Number(header.readBigUInt64LE(programHeaders)))
    header.writeBigUInt64LE(BigInt(headerBytes), programHeaders)
    header.writeBigUInt64LE(0n, sectionHeaders)
    header.fill(0, sectionFields.start, sectionFields.start + sectionFields.bytes)
    writeSync(descriptor, Buffer.concat([header, headers]), 0, headerBytes + headers.length, 0)
  } finally {
    closeSync(descriptor)
  }
}
