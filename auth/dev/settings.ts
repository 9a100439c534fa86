import path from 'node:path';
import { distance } from 'fastest-levenshtein';
import { ConfigError, readConfig, settingNames, type Config } from '../src/config';
import { newKey } from './key-file';

/** Settings that only the tools in dev/ read. */
const ownNames = ['INBOX_HOST', 'INBOX_PORT', 'INBOX_SMTP_PORT', 'MONGO_DATA'];

/**
 * The settings of this run, for development unless they say otherwise: those of the environment, then those of
 * auth/.env. An empty one counts as not set.
 */
export function developmentSettings(): NodeJS.ProcessEnv {
  loadEnvFile(path.resolve(__dirname, '../.env'));
  const set = Object.entries(process.env).filter(([, value]) => value !== '');
  const env: NodeJS.ProcessEnv = { NODE_ENV: 'development', ...Object.fromEntries(set) };
  // Login shells set MAIL to the path of the mailbox.
  if (env['MAIL']?.startsWith('/')) delete env['MAIL'];
  return env;
}

function loadEnvFile(file: string): void {
  try {
    process.loadEnvFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Whether this run brings its own mail inbox. */
export const embedsInbox = (env: NodeJS.ProcessEnv): boolean =>
  env['SMTP_URL'] === undefined && env['MAIL'] !== 'off';

/**
 * Checks the settings as the service will.
 * @throws {ConfigError} naming every setting that is wrong
 */
export function checkSettings(env: NodeJS.ProcessEnv): Config {
  const { INBOX_PORT: inboxPort = '8025' } = env;
  const problems =
    /^\d{1,5}$/.test(inboxPort) && Number(inboxPort) <= 65535
      ? []
      : ['INBOX_PORT must be a whole number from 0 to 65535'];
  // What is not set here is provided later.
  const provided = {
    MONGO_URI: env['MONGO_URI'] ?? 'mongodb://127.0.0.1/auth',
    KEY_ENCRYPTION_KEY: env['KEY_ENCRYPTION_KEY'] ?? newKey(),
    ...(embedsInbox(env) && { SMTP_URL: 'smtp://127.0.0.1' }),
  };
  try {
    const config = readConfig({ ...env, ...provided });
    if (problems.length === 0) return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.unshift(...error.problems);
  }
  throw new ConfigError(problems);
}

/** Names that are no settings but resemble one, each with the setting that was probably meant. */
export function misspelt(env: NodeJS.ProcessEnv): { name: string; meant: string }[] {
  const known = [...settingNames, ...ownNames];
  return Object.keys(env)
    .filter((name) => !known.includes(name) && !otherPrograms.has(name))
    .flatMap((name) => {
      const meant = known.find((setting) => resembles(name.toUpperCase(), setting));
      return meant === undefined ? [] : [{ name, meant }];
    });
}

// Names near to one of ours that other programs read: git and mail programs, and those that show text page by page.
const otherPrograms = new Set(['EMAIL', 'PAGER']);

/** One letter in six may differ, and letters may have changed places. */
const resembles = (name: string, setting: string): boolean =>
  distance(name, setting) <= Math.ceil(setting.length / 6) || sorted(name) === sorted(setting);

const sorted = (name: string): string => Array.from(name).sort().join('');
