import type { Missing } from './reportModel.js'

/** What stands before a command, by where it is typed. */
export const prompts: Readonly<Record<NonNullable<Missing['where']>, string>> = { crash: 'crash>', machine: '#', shell: '$' }
