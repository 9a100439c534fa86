import { email, newPassword } from '../routes/fields';
import { operator } from '../services/caller';
import { Accounts } from '../services/accounts/accounts';
import { createPasswordRules } from '../services/passwords/password-rules';
import { Limits } from '../services/limits/limits';
import { Devices } from '../services/sessions/devices';
import { UsageError, withCollections, type Command } from './command';
import { readLine } from './read-line';
import { validated } from './validated';

/** Creates an account with the role admin. */
export const createAdmin: Command = async (options, config) => {
  if (options.email === undefined) throw new UsageError();
  // Never an argument: those are visible in the list of processes and in the shell's history.
  const given = options['password-stdin'] ? await readLine(process.stdin) : undefined;
  const settings = config();
  return withCollections(settings, async ({ collections, cleanup, audit, passwords, logger }) => {
    const password = given ?? passwords.generate();
    const accounts = new Accounts({
      users: collections.users,
      devices: new Devices({ model: collections.devices, now: () => new Date() }),
      passwords,
      passwordRules: createPasswordRules(settings, logger),
      cleanup,
      audit,
      // Whoever runs commands has no limits.
      limits: new Limits({ model: collections.limits, rates: {}, waitMs: 0, logger }),
      logger,
      requireVerifiedEmail: false,
    });
    const attrs = await validated({ email: options.email ?? '', password }, [email(), newPassword()]);
    const user = await accounts.createAdmin(attrs, operator());
    logger.info({ event: 'admin_created', userId: user._id }, 'admin created');
    const created = `Created the admin ${user.email}. Sign in with this address and the password`;
    return given === undefined
      ? [`${created} below, which is not shown again.`, `password: ${password}`]
      : [`${created} that you gave.`];
  });
};
