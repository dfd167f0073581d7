import tseslint from 'typescript-eslint'

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'datasets/*/', '!datasets/lab/', 'notebooks/**', 'assembly/**', '*.config.*'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-constant-condition': ['error', { checkLoops: false }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
      '@typescript-eslint/require-await': 'off',
      // Objects here are records of functions that use no `this`; taking one out of them is how they are meant to be used.
      '@typescript-eslint/unbound-method': 'off',
      // TypeScript's own check forbids a non-null assertion nowhere; typed arrays need none, maps do.
      '@typescript-eslint/no-non-null-assertion': 'off'
    }
  },
  { files: ['**/*.js'], ...tseslint.configs.disableTypeChecked }
)
