import tseslint from 'typescript-eslint';

// Imports go one way: index → app → routes → services → models. All of them may use errors.
const layersAbove = {
  errors: ['routes', 'pages', 'middlewares', 'services', 'models', 'app', 'config'],
  models: ['routes', 'pages', 'middlewares', 'services', 'app', 'config'],
  services: ['routes', 'pages', 'middlewares', 'app', 'config'],
  middlewares: ['routes', 'pages', 'app', 'config'],
  routes: ['pages', 'app', 'config'],
  // The pages know nothing of accounts: they use the JSON API alone.
  pages: ['routes', 'services', 'models', 'app', 'config'],
};

// The areas of services/. Only accounts/ may use other areas, but all may use audit/ and metrics/. None may use services.ts,
// which assembles them.
const areas = ['accounts', 'audit', 'limits', 'mail', 'metrics', 'passwords', 'sessions'];
const sharedAreas = ['audit', 'metrics'];

const testsAndTools = ['**/test/**', '**/dev/**', '**/bench/**'];

const refuse = (folders, message) => ({
  group: folders.flatMap((folder) => [`**/${folder}`, `**/${folder}/**`]),
  message,
});

const promClientInMetricsOnly = {
  group: ['prom-client'],
  message: 'Only services/metrics/ may use prom-client.',
};

/** What the files in one place must not import. If several entries match a file, only the last one applies. */
const imports = (place, patterns) => ({
  files: [place],
  ignores: ['**/__test__/**'],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          { group: testsAndTools, message: 'The service must not import its tests or tools.' },
          ...(place.startsWith('src/services/metrics/') ? [] : [promClientInMetricsOnly]),
          ...patterns,
        ],
      },
    ],
  },
});

const mongooseInModelsOnly = {
  group: ['mongoose', 'mongodb', 'rate-limiter-flexible'],
  message: 'Only models/ may use Mongoose.',
};

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
  ...Object.entries(layersAbove).map(([folder, above]) =>
    imports(`src/${folder}/**/*.ts`, [
      refuse(above, `${folder}/ must not import from the layers above it.`),
      ...(folder === 'models' ? [] : [mongooseInModelsOnly]),
    ]),
  ),
  ...areas.map((area) =>
    imports(`src/services/${area}/**/*.ts`, [
      refuse(layersAbove.services, 'services/ must not import from the layers above it.'),
      refuse(
        [
          'services',
          ...(area === 'accounts'
            ? []
            : areas.filter((other) => other !== area && !sharedAreas.includes(other))),
        ],
        `services/${area}/ must not import services.ts or another area but audit/ and metrics/: only accounts/ uses other areas.`,
      ),
      mongooseInModelsOnly,
    ]),
  ),
  imports('src/*.ts', [mongooseInModelsOnly]),
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
  // What runs in a browser takes only plain facts of the service, or its bundle would grow by all that they import.
  {
    files: ['pages/**/*.ts'],
    ignores: ['**/__test__/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['**/src/*', '!**/src/browser-words', '!**/src/input-limits', '!**/src/password-shape'],
              allowTypeImports: true,
              message:
                'Pages may use types of the service, and its plain facts: they use its JSON API for the rest.',
            },
          ],
        },
      ],
    },
  },
  // supertest types a response body as any. The tests check its content with expect.
  {
    files: ['**/__test__/**'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  // Mongoose declares the options of a schema path as a class, but they are passed as object literals.
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
