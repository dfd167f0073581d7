import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hashFile, hashFileAside } from '../../lib/source/fileHash.js'

describe('size and sha256 of a file', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'slablab-hash-'))
  const file = path.join(folder, 'large')
  const content = new Uint8Array((5 << 20) + 5).map((_, i) => i * 31)
  const whole = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }
  beforeAll(() => writeFileSync(file, content))
  afterAll(() => rmSync(folder, { recursive: true }))

  test('here, in pieces, and by a thread, are those of the whole', async () => {
    expect(existsSync('dist/lib/source/hashHelper.js'), 'what threads run is made by the build').toBe(true)
    expect(hashFile(file)).toEqual(whole)
    expect(await hashFileAside(file, content.length).hash).toEqual(whole)
    expect(await hashFileAside(file, 1).hash, 'a small file needs no thread').toEqual(whole)
  })

  test('stop when they are not wanted any more', async () => {
    const stopped = hashFileAside(file, content.length)
    stopped.stop()
    await expect(stopped.hash).rejects.toThrow(/stopped/)
    const aborting = new AbortController()
    const aborted = hashFileAside(file, content.length, aborting.signal)
    aborting.abort()
    await expect(aborted.hash).rejects.toBe(aborting.signal.reason)
  })

  test('of a file that went away are an error that names it', async () => {
    await expect(hashFileAside(path.join(folder, 'gone'), content.length).hash).rejects.toThrow(/gone/)
  })
})
