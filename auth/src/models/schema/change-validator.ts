import { admits } from './admits';
import { rulesOf, validationOf, type Difference } from './collection-schema';
import { hasCode } from '../database';
import { NotReadyError } from '../not-ready-error';
import { patiently, type ChangeContext } from './patiently';

/**
 * Puts the validator of this version in the place of the one that is there. A database user with the role `readWrite`
 * may not do that: the one that is there then stays, where it admits what this version writes.
 * @throws {NotReadyError} where it stays and does not
 */
export async function changeValidator(
  { wanted, present }: Difference,
  context: ChangeContext,
): Promise<void> {
  const { name, rules } = wanted;
  try {
    await patiently(context, name, { collMod: name, ...validationOf(wanted) });
    context.listener.info(`${name}: changed the validator`);
  } catch (error) {
    if (!hasCode(error, unauthorized)) throw error;
    if (present && !admits(rulesOf(present.validation), rules))
      throw new NotReadyError(`${name}: ${askForMigrate}`);
    context.listener.warn(
      `${name}: the validator is an older one, which admits what this version writes, and the database user may not change it: \`node dist/cli.js migrate\` does, with the MONGO_URI of a user who may`,
    );
  }
}

export const unauthorized = 13;

export const askForMigrate =
  'the database user may not bring the schema up to date: run `node dist/cli.js migrate` with the MONGO_URI of a user who has the role dbAdmin too';
