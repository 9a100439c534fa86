import path from 'node:path';

/** The folder that keeps the embedded database: MONGO_DATA where it names one; undefined where it is `temporary`. */
export function dataFolder(env: NodeJS.ProcessEnv): string | undefined {
  const asked = env['MONGO_DATA'];
  if (asked === 'temporary') return undefined;
  return asked === undefined || asked === ''
    ? path.resolve(__dirname, '../.data/mongo')
    : path.resolve(asked);
}

/** Beside its data, where a running `npm run dev` says at which address its database is. */
export const uriFile = (folder: string): string => `${folder}.uri`;
