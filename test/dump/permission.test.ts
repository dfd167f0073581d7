import { expect, test, vi } from 'vitest'
import { openDump } from '../../lib/dump/openDump.js'

// Tests may run as root, who may read everything: the refusal is the system's own, made here.
vi.mock('../../lib/source/file.js', async (original) => ({
  ...await original<object>(),
  pathKind: () => 'file',
  isRegularFile: () => true,
  openFile: (path: string) => {
    throw Object.assign(new Error(`EACCES: permission denied, open '${path}'`), { code: 'EACCES', path })
  }
}))

test('a file that may not be read', async () => {
  await expect(openDump('/proc/vmcore')).rejects.toThrow('/proc/vmcore: permission denied: dumps and slabinfo are readable for root only, unless copied')
})
