import { Box, renderToString, Text } from 'ink'
import type { ReactNode } from 'react'
import { fitting, type CompletionMenu } from '../editor/completionMenu.js'
import { layOutEditor } from '../editor/editorLayout.js'
import type { TokenKind } from '../editor/tokens.js'
import type { LiveState } from '../model.js'
import { cutRight, cutStyled } from '../pager/pagerLines.js'
import type { Frame } from '../terminal/screen.js'
import { continuation, editorRows } from './plainFrame.js'

const mostOffers = 6

const colours: Readonly<Partial<Record<TokenKind, string>>> = {
  keyword: 'magenta', literal: 'yellow', string: 'green', number: 'yellow', type: 'cyan', call: 'blue', magic: 'cyan', comment: 'gray'
}

/**
 * What stands below the finished output, laid out by Ink: a few lines, which takes it about a millisecond. Where the cursor is follows from
 * the layout of the text, so the terminal's own cursor stands there.
 */
export function liveFrame(state: LiveState, history: readonly string[]): Frame {
  const above = [...(state.partial === '' ? [] : [state.partial]), ...state.live]
  const lines = renderToString(<Live state={state} above={above} history={history} />, { columns: state.columns }).split('\n')
  if (state.prompt.search !== null && state.question === null) {
    return { lines, cursor: { row: lines.length - 1, column: Math.min(state.columns - 1, searchLabel(state).length) } }
  }
  const label = labelOf(state)
  const layout = editorLayout(state)
  const top = above.length + (state.running === null ? 0 : 1) + (layout.above > 0 ? 1 : 0)
  return { lines, cursor: { row: top + layout.cursor.row, column: Math.min(state.columns - 1, label.length + layout.cursor.column) } }
}

function labelOf(state: LiveState): string {
  return state.question === null ? state.label : cutRight(state.question.text.replaceAll('\n', ' '), Math.floor(state.columns / 2))
}

function editorLayout(state: LiveState): ReturnType<typeof layOutEditor> {
  const { editor } = state.prompt
  const shown = state.question?.isPassword === true ? { text: '•'.repeat(editor.text.length), cursor: editor.cursor } : editor
  return layOutEditor(shown, Math.max(8, state.columns - labelOf(state).length), editorRows(state), state.colour && state.question === null)
}

function Live({ state, above, history }: { state: LiveState, above: readonly string[], history: readonly string[] }): ReactNode {
  return (
    <Box flexDirection="column">
      {above.map((line, i) => <Text key={i} wrap="truncate">{cutStyled(line, state.columns) || ' '}</Text>)}
      {state.running !== null && <Running state={state} running={state.running} />}
      {state.prompt.search !== null && state.question === null ? <Search state={state} history={history} /> : <Editor state={state} />}
      {state.prompt.menu !== null && <Menu state={state} menu={state.prompt.menu} />}
      {state.prompt.menu === null && state.hint !== null && <Text dimColor={state.colour} wrap="truncate">{cutRight(state.hint, state.columns)}</Text>}
    </Box>
  )
}

function Running({ state, running }: { state: LiveState, running: NonNullable<LiveState['running']> }): ReactNode {
  const queued = state.queued === 0 ? '' : ` · ${state.queued} more waiting`
  return <Text dimColor={state.colour} wrap="truncate">{cutRight(`${running.text}${queued} · Ctrl-C stops`, state.columns)}</Text>
}

function Editor({ state }: { state: LiveState }): ReactNode {
  const { rows, above, below } = editorLayout(state)
  const label = labelOf(state)
  return (
    <>
      {above > 0 && <Text dimColor={state.colour}>{`  ↑ ${above} more`}</Text>}
      {rows.map(({ start, tokens }, i) => (
        <Text key={i} wrap="truncate">
          <Text bold={state.colour && start === 'first'} dimColor={state.colour && start !== 'first'}>{start === 'first' ? label : continuation(label, start)}</Text>
          {tokens.map(({ kind, text }, j) => <Text key={j} {...(state.colour && colours[kind] !== undefined ? { color: colours[kind] } : {})}>{text}</Text>)}
        </Text>
      ))}
      {below > 0 && <Text dimColor={state.colour}>{`  ↓ ${below} more`}</Text>}
    </>
  )
}

function searchLabel(state: LiveState): string {
  const { query, failed } = state.prompt.search!
  return `${failed ? 'nothing found for' : 'search'}: ${query}`
}

function Search({ state, history }: { state: LiveState, history: readonly string[] }): ReactNode {
  const cell = history[state.prompt.search!.found] ?? ''
  const lines = cell.split('\n').slice(0, editorRows(state))
  return (
    <>
      {lines.map((line, i) => <Text key={i} wrap="truncate">{cutRight(`${i === 0 ? state.label : continuation(state.label, 'line')}${line}`, state.columns)}</Text>)}
      <Text dimColor={state.colour} wrap="truncate">{cutRight(searchLabel(state), state.columns - 1)}</Text>
    </>
  )
}

function Menu({ state, menu }: { state: LiveState, menu: CompletionMenu }): ReactNode {
  const items = fitting(menu, state.prompt.editor)
  const room = Math.max(1, Math.min(mostOffers, state.rows - editorRows(state) - 3))
  const first = Math.max(0, Math.min((menu.selected ?? 0) - Math.floor(room / 2), items.length - room))
  const shown = items.slice(first, first + room)
  const left = items.length - shown.length
  return (
    <>
      {shown.map(({ text, kind }, i) => (
        <Text key={text} wrap="truncate" inverse={first + i === menu.selected}>
          {cutRight(`  ${text}${kind === '' ? '' : `  ${kind}`}`, state.columns)}
        </Text>
      ))}
      {left > 0 && <Text dimColor={state.colour}>{`  … ${left} more`}</Text>}
    </>
  )
}
