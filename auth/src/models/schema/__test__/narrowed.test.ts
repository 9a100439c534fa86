import { createLogger } from '../../../logger';
import { schemaVersion1 } from '../../../test/schema-version-1';
import { until } from '../../../test/process';
import { useService } from '../../../test/service';
import { followValidators } from '../../collections';

const service = useService();

describe('R15 the validators, while a version that knows no schema version restarts beside this one', () => {
  it('are put back, so that what only this version writes is accepted', async () => {
    const { connection } = service;
    const db = connection.getClient().db(connection.name);
    const validatorOf = async () => (await db.collection('mails').options())['validator'] as unknown;
    const ours = await validatorOf();
    const logged: string[] = [];
    const logger = createLogger('info', { write: (line) => void logged.push(line) });
    followValidators(connection, service.collections, logger, 25);

    const older = { $jsonSchema: schemaVersion1.mails.rules };
    await db.command({ collMod: 'mails', validator: older, validationLevel: 'strict' });
    await until(async () => JSON.stringify(await validatorOf()) === JSON.stringify(ours));
    expect(logged.join('')).toContain('an older version has changed the validators');
    const mail = { kind: 'unverified-account-removed' as const, to: 'somebody@example.com' };
    await service.mails.build(mail, service.now()).save();
  });
});
