const small = ['--kernel', 'small', '--memory', '96']

/** How the laboratory makes the bundled datasets: the words after `npm run lab --`, without the folder. */
export const recipes: Readonly<Record<string, readonly string[]>> = {
  'arm64-slab': [
    '--arch', 'arm64', '--allocator', 'slab', '--panic', '--plant', 'seq_operations=60001', '--plant', 'held=5', '--plant', 'job=6000', '--plant', 'pair=240', '--steps', '20', '--quiet', '5'
  ],
  'healthy': [...small, '--steps', '8', '--quiet', '3'],
  'planted-requests': [...small, '--plant', 'request=6000', '--plant', 'entry=400', '--steps', '8', '--quiet', '3'],
  'two-moments': [...small, '--plant', 'job=4000', '--plant', 'record=600', '--plant', 'entry=300', '--phases', '2', '--steps', '6', '--quiet', '2']
}

/** Why another cannot be made again. */
export const notMade: Readonly<Record<string, string>> = {
  'seq-operations': 'it quotes a report of a real case'
}
