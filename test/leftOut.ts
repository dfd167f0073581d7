import type { Reporter, TestModule } from 'vitest/node'

/** Lists, by name and number, the tests that did not run: those on large evidence that is not here, and those of programs that are not installed. */
export default class LeftOut implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')].map((test) => {
      const { note } = test.result() as { note?: string }
      return `  ${module.relativeModuleId} > ${test.fullName}${note === undefined ? '' : `: ${note}`}`
    }))
    if (skipped.length > 0) console.log(`\nleft out, ${skipped.length} of all tests:\n${skipped.join('\n')}`)
  }
}
