import { expect, test } from 'vitest'
import { readBytes } from '../../lib/memory/memory.js'
import { DumpKernel } from '../../lib/system/kernelView.js'
import { openKernel } from '../../lib/system/openKernel.js'
import { fitGivenBtf } from '../../lib/system/givenTypes.js'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { Warnings } from '../../lib/warnings.js'
import { describeEvidence, evidence } from '../evidence.js'

/** A kernel's BTF, as a file that somebody kept would hold it. */
async function btfOf(dataset: string): Promise<{ bytes: Uint8Array; kernel: DumpKernel; close: () => void }> {
  const { kernel, dump } = await openKernel(evidence(dataset, 'vmcore'))
  const start = kernel.symbol('__start_BTF')!
  return { bytes: readBytes(kernel.memory, start, Number(kernel.symbol('__stop_BTF')! - start)), kernel, close: () => dump.close() }
}

describeEvidence('types from elsewhere', () => {
  test('are taken where VMCOREINFO\'s sizes and offsets agree, and refused where they are another kernel\'s', async () => {
    const { bytes, kernel, close } = await btfOf('arm64-slab')
    const warnings = new Warnings()
    expect(fitGivenBtf(bytes, kernel.vmcoreinfo, warnings)?.endId).toBe(kernel.types.btf!.graph.kernelEndId)
    expect(warnings.list()).toEqual([])
    const { kernel: other, close: closeOther } = await btfOf('x86_64-slub-6.12')
    expect(fitGivenBtf(bytes, other.vmcoreinfo, warnings)).toBeUndefined()
    expect(warnings.list()[0].message).toMatch(/^the given types are another kernel's and not used: \d+ of \d+ sizes and offsets are those that VMCOREINFO tells$/)
    close()
    closeOther()
  })
})

test('what is no BTF is not used', () => {
  const warnings = new Warnings()
  expect(fitGivenBtf(new Uint8Array(100), parseVmcoreinfo(''), warnings)).toBeUndefined()
  expect(warnings.list()[0].message).toMatch(/^the given types are not used: the given BTF at offset 0x0: not BTF/)
})
