import { expect, test } from 'vitest'
import { cleanLine } from '../../../lib/source/crash/cleanLine.js'

const row = 'ffff888104890000:  ffffffff8133a0b0 ffffffff8133a0e0   ..3.......3.....'

test.each([
  ['a CR LF line end', `${row}\r`],
  ['colours', `\u001b[1;32mffff888104890000\u001b[0m:  ffffffff8133a0b0 ffffffff8133a0e0   ..3.......3.....\u001b[m`],
  ['a bracketed-paste switch and a window title', `\u001b[?2004l\u001b]0;crash\u0007${row}`],
  ['what is waited for, wiped by carriage return and blanks', `please wait... (gathering kmem slab cache data)\r${' '.repeat(50)}\r${row}`],
  ['what is waited for, wiped by an erase sequence', `please wait... (gathering module symbol data)\r\u001b[K${row}`],
  ['what is waited for, not wiped', `please wait... (gathering kmem slab cache data)  ${row}`],
  ["crash's pager, wiped", `-- MORE --  forward: <SPACE>, <ENTER> or j  backward: b or k  quit: q\r${' '.repeat(70)}\r${row}`],
  ["crash's pager, not wiped", `-- MORE --  forward: <SPACE>, <ENTER> or j  backward: b or k  quit: q${row}`],
  ["less's and more's prompts", `--More--(12%)${row}`],
  ['a time stamp of ts', `Jan 02 10:11:12 ${row}`],
  ['a time stamp of script or screen', `[2024-01-02 10:11:12] ${row}`],
  ['an ISO time stamp', `2024-01-02T10:11:12.123Z ${row}`],
  ['a clock alone', `[10:11:12] ${row}`],
  ['a clock and a bar', `10:11:12.345 | ${row}`],
  ['a quoted mail', `> > ${row}`],
  ['a NUL and a bell', `\u0000\u0007${row}`]
])('takes off %s', (_, line) => {
  expect(cleanLine(line)).toBe(row)
})

test('carries out what was typed and corrected', () => {
  expect(cleanLine('crash> kmem -z\b\u001b[Ks')).toBe('crash> kmem -s')
  expect(cleanLine('crash> kmem  -s\u001b[3D\u001b[P')).toBe('crash> kmem -s')
  expect(cleanLine('crash> kmm\b\u001b[1@e')).toBe('crash> kmem')
  expect(cleanLine('abc\u001b[1Gx\u001b[2Cy')).toBe('xbcy')
  expect(cleanLine('abc\u001b[2K\rx')).toBe('x')
})

test('expands tabs at eight columns', () => {
  expect(cleanLine('ffff888104890000:\tx')).toBe('ffff888104890000:       x')
  expect(cleanLine('\t\tx')).toBe(`${' '.repeat(16)}x`)
})

test('keeps the indentation behind a stamp, and the ">" of nothing else', () => {
  expect(cleanLine('[10:11:12]   [ffff888104890000]')).toBe('  [ffff888104890000]')
  expect(cleanLine('crash> sym x')).toBe('crash> sym x')
})

test("leaves the kernel's own stamps, and a log's dates where they are asked for", () => {
  expect(cleanLine('[   12.345678] Booting')).toBe('[   12.345678] Booting')
  expect(cleanLine('[Thu Jan  1 00:00:00 UTC 1970] Booting', true)).toBe('[Thu Jan  1 00:00:00 UTC 1970] Booting')
})
