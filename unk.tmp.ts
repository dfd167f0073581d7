import { openDump, groupTypes } from './lib/index.js'
import * as lib from './lib/index.js'
const [file, n = '25', only] = process.argv.slice(2)
const dump = await openDump(file)
const gt = (lib as any).groupTypes ?? (await import('./lib/analysis/typing.js')).groupTypes
const all = gt(dump).filter((g: any) => (g.type === null || g.rivals !== 0) && /^(kmalloc|memdup)/.test(g.described.cache?.name ?? '') && (!only || g.described.cache.name === only))
all.sort((a: any, b: any) => b.objects * b.described.cache.slotBytes - a.objects * a.described.cache.slotBytes)
const { references } = lib as any
const top = all.slice(0, +n)
for (const g of top) {
  const a = g.addresses(); const ex = a[0]
  console.log(`## ${g.described.cache.name} ${g.objects} objects ${g.objects * g.described.cache.slotBytes} bytes ${g.type} ${g.rivals} ex 0x${ex.toString(16)}`)
  console.log('   ', g.described.group.words.slice(0, 14).map((w: any) => `+${w.offset.toString(16)}:${w.class}${w.symbol ? ' ' + w.symbol.name : ''}${w.cache ? ' ' + (w.cache.name ?? w.cache) : ''}`).join(', '))
}
const refs = await references(dump, top.flatMap((g: any) => [...g.addresses().slice(0, 2)]))
const names = Object.keys(refs.objects()[0] ?? {})
console.log(names)
const by = new Map<string, any[]>()
for (const r of refs.objects() as any[]) { const k = '0x' + BigInt(r.target ?? r.to ?? 0).toString(16); by.set(k, [...(by.get(k) ?? []), r]) }
for (const g of top) for (const a of g.addresses().slice(0, 2)) { const k = '0x' + a.toString(16); console.log(g.described.cache.name, k, (by.get(k) ?? []).slice(0, 5).map((r) => JSON.stringify(r, (_, v) => typeof v === 'bigint' ? '0x' + v.toString(16) : v)).join('\n     ')) }
