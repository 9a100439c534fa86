import { migrate } from '../models/collections';
import { withDatabase } from '../models/connect-database';
import type { Command } from './command';

/** Brings the database to this version's schema. */
export const migrateDatabase: Command = async (_options, config) => {
  const lines: string[] = [];
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
    lines.push(line);
  };
  const isComplete = await withDatabase(config().mongoUri, (connection) =>
    migrate(connection, { listener: { info: say, warn: say } }),
  );
  if (!isComplete) throw new Error('the schema is not up to date: see above');
  return lines.length === 0 ? ['Nothing to change: the database has this version’s schema'] : [];
};
