const small = ['--kernel', 'small', '--memory', '96']

/** How the bundled datasets were made: the words after `npm run lab --`, without the folder. */
export const recipes: Readonly<Record<string, readonly string[]>> = {
  'healthy': [...small, '--steps', '8', '--quiet', '3'],
  'planted-requests': [...small, '--plant', 'request=6000', '--plant', 'entry=400', '--steps', '8', '--quiet', '3'],
  'two-moments': [...small, '--plant', 'job=4000', '--plant', 'record=600', '--plant', 'entry=300', '--phases', '2', '--steps', '6', '--quiet', '2']
}
