import type { Magic } from './magic.js'

export const reset: Magic = {
  name: 'reset',
  usage: '',
  summary: 'forget all variables',
  example: '%reset',
  code: () => null,
  async run(_args, context) {
    await context.reset()
    context.output({ kind: 'notice', text: 'all variables are forgotten' })
  }
}
