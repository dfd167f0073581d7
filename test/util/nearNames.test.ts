import { expect, test } from 'vitest'
import { didYouMean, nearNames } from '../../lib/util/nearNames.js'

const caches = ['kmalloc-32', 'kmalloc-64', 'kmalloc-cg-32', 'dentry', 'inode_cache', 'ext4_inode_cache']

test('a mistyped name leads to those with few letters different, the nearest first', () => {
  expect(nearNames('kmaloc-64', caches)).toEqual(['kmalloc-64'])
  expect(nearNames('kmalloc-cg32', [...caches, 'kmalloc-cg-2k'])).toEqual(['kmalloc-cg-32', 'kmalloc-32', 'kmalloc-cg-2k'])
  expect(nearNames('dentr', caches)).toEqual(['dentry'])
})

test('a part of names leads to them where none is near', () => {
  expect(nearNames('inode', caches)).toEqual(['inode_cache', 'ext4_inode_cache'])
})

test('a name unlike all leads to none', () => {
  expect(didYouMean('task_struct', caches)).toBe('')
})

test('names from evidence cannot act on a terminal', () => {
  expect(didYouMean('dentri', ['dentr\u001b'])).toBe('; did you mean dentr\\x1b?')
})
