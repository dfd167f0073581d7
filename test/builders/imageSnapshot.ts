import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'

/**
 * Compares an image byte by byte with the one kept in `file`. A new one is kept and fails in CI; `SLABLAB_UPDATE_IMAGES=1` keeps changed ones:
 * look at them before they are committed.
 */
export function expectImage(file: string, bytes: Uint8Array): void {
  const update = process.env.SLABLAB_UPDATE_IMAGES === '1'
  if (update || (!existsSync(file) && !process.env.CI)) {
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  expect(existsSync(file), `${file} is kept`).toBe(true)
  expect(Buffer.compare(readFileSync(file), bytes), `${file} is as it was; SLABLAB_UPDATE_IMAGES=1 keeps the new one`).toBe(0)
}
