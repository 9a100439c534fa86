import path from 'node:path';

/** This run's settings: those of the environment, an empty one being none, for development unless they say otherwise. */
export function developmentSettings(): NodeJS.ProcessEnv {
  const set = Object.entries(process.env).filter(([, value]) => value !== '');
  return { NODE_ENV: 'development', ...Object.fromEntries(set) };
}

/** The folder that keeps the embedded database: MONGO_DATA where it names one; undefined where it is `temporary`. */
export function dataFolder(env: NodeJS.ProcessEnv): string | undefined {
  const asked = env['MONGO_DATA'];
  if (asked === 'temporary') return undefined;
  return path.resolve(asked ?? path.join(__dirname, '../.data/mongo'));
}

/** Beside its data, where a running `npm run dev` says at which address its database is. */
export const uriFile = (folder: string): string => `${folder}.uri`;
