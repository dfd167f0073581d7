import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseVmcoreinfo } from '../../lib/source/vmcoreinfo.js'
import { describeEvidence, evidence } from '../evidence.js'

describe('parseVmcoreinfo', () => {
  const info = parseVmcoreinfo([
    'OSRELEASE=6.1.0-50-cloud-amd64', 'PAGESIZE=4096', 'SYMBOL(_stext)=ffffffffa1e00000', 'OFFSET(page.flags)=0', 'SIZE(page)=64',
    'LENGTH(mem_section)=2048', 'NUMBER(phys_base)=-434110464', 'NUMBER(PHYS_OFFSET)=0xffffa2e180000000', 'NUMBER(odd)=12x', 'SYMBOL(odd)=xyz',
    'OFFSET(odd)=-1', 'no equals sign', '=nothing', 'CRASHTIME=1', 'CRASHTIME=2', 'LAST=x\0\0'
  ].join('\n'))

  test('values by kind', () => {
    expect(info.value('OSRELEASE')).toBe('6.1.0-50-cloud-amd64')
    expect(info.symbol('_stext')).toBe(0xffffffffa1e00000n)
    expect(info.offset('page.flags')).toBe(0)
    expect(info.size('page')).toBe(64)
    expect(info.length('mem_section')).toBe(2048)
    expect(info.number('phys_base')).toBe(-434110464n)
  })
  test('a hexadecimal number is signed too: PHYS_OFFSET may be below zero', () => {
    expect(info.number('PHYS_OFFSET')).toBe(BigInt.asIntN(64, 0xffffa2e180000000n))
  })
  test('what the kernel did not write, or is no number, is undefined', () => {
    expect([info.value('BUILD-ID'), info.symbol('nothing'), info.offset('a.b'), info.size('x'), info.length('x'), info.number('x')]).toEqual(Array(6).fill(undefined))
    expect([info.number('odd'), info.symbol('odd'), info.offset('odd')]).toEqual([undefined, undefined, undefined])
  })
  test('the first of two equal keys counts, and padding behind the text does not', () => {
    expect(info.value('CRASHTIME')).toBe('1')
    expect(info.value('LAST')).toBe('x')
  })
})

describeEvidence('the VMCOREINFO of real kernels', () => {
  test.each(['arm64-slab', 'x86_64-slub', 'x86_64-slub-6.12', 'x86_64-slub-debug'])('%s: every line is found by its kind', (name) => {
    const text = readFileSync(evidence(name, 'vmcoreinfo.txt'), 'latin1')
    const info = parseVmcoreinfo(text)
    let lines = 0
    for (const [, kind, key, value] of text.matchAll(/^(SYMBOL|NUMBER|OFFSET|SIZE|LENGTH)\((.*)\)=(.*)$/gm)) {
      const found = info[kind.toLowerCase() as 'symbol' | 'number' | 'offset' | 'size' | 'length'](key)
      expect(found, key).toBeDefined()
      expect(kind === 'SYMBOL' ? found!.toString(16) : /^0x/.test(value) ? `0x${BigInt.asUintN(64, BigInt(found!)).toString(16)}` : String(found), key).toBe(value)
      lines++
    }
    expect(lines).toBeGreaterThan(80)
  })
})
