import tseslint from 'typescript-eslint';

// The house's arrows go one way: index → app → routes → services → models; all may use errors.
const directions = {
  errors: ['routes', 'middlewares', 'services', 'models', 'app', 'config'],
  models: ['routes', 'middlewares', 'services', 'app', 'config'],
  services: ['routes', 'middlewares', 'app', 'config'],
  middlewares: ['routes', 'app', 'config'],
  routes: ['app', 'config'],
};

const outside = ['**/test/**', '**/dev/**'];

const refuse = (folders, message) => ({
  group: folders.flatMap((folder) => [`**/${folder}`, `**/${folder}/**`]),
  message,
});

const mongooseInModelsOnly = { group: ['mongoose', 'mongodb'], message: 'Only models know Mongoose.' };

export default tseslint.config(
  { ignores: ['dist', 'coverage', '.data'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      'no-empty': ['error', { allowEmptyCatch: false }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  ...Object.entries(directions).map(([folder, above]) => ({
    files: [`src/${folder}/**/*.ts`],
    ignores: ['**/__test__/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            refuse(above, `${folder}/ stands below that: see the layout in the README.`),
            { group: outside, message: 'The service does not know its tests.' },
            ...(folder === 'models' ? [] : [mongooseInModelsOnly]),
          ],
        },
      ],
    },
  })),
  {
    files: ['src/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: outside, message: 'The service does not know its tests.' },
            mongooseInModelsOnly,
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts', 'src/index.ts', 'src/cli.ts', '**/__test__/**', 'src/test/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
    },
  },
  // What supertest answers is JSON, and any; expect says what it must be.
  {
    files: ['**/__test__/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  // Mongoose declares its path options as a class and takes them as literals.
  {
    files: ['src/models/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    rules: { ...tseslint.configs.disableTypeChecked.rules, '@typescript-eslint/no-require-imports': 'off' },
  },
);
