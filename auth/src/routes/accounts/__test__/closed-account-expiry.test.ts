import { day, hour, password, useService, type TestService } from '../../../test/service';

/** Does at the service's time what MongoDB's TTL monitor does, for every TTL index. */
async function deleteExpired({ connection, now }: TestService): Promise<void> {
  for (const collection of (await connection.db?.collections()) ?? []) {
    for (const { key, expireAfterSeconds } of await collection.indexes()) {
      const [field = ''] = Object.keys(key);
      if (expireAfterSeconds === 0) await collection.deleteMany({ [field]: { $lte: now() } });
    }
  }
}

/**
 * How many documents of each collection contain any of the texts; ids are compared in hex. The audit trail names accounts
 * by their ids alone, and goes on doing so (docs/audit.md).
 */
async function tracesOf({ connection }: TestService, texts: string[]): Promise<Record<string, number>> {
  const traces: Record<string, number> = {};
  for (const collection of (await connection.db?.collections()) ?? []) {
    const documents = (await collection.find().toArray()).map((document) => JSON.stringify(document));
    const isTrail = collection.collectionName === 'audit';
    const searched = isTrail ? texts.filter((text) => !/^[0-9a-f]{24}$/.test(text)) : texts;
    const found = documents.filter((document) => searched.some((text) => document.includes(text)));
    if (found.length > 0) traces[collection.collectionName] = found.length;
  }
  return traces;
}

/** Closes an account that has left traces everywhere, and returns what they consist of. */
async function closeUsedAccount(service: TestService): Promise<string[]> {
  const [email, next] = ['used@example.com', 'used-next@example.com'];
  const browser = await service.signedUp(email);
  await browser.patch('/api/users/me').send({ name: 'Ada of the traces', version: 0 }).expect(200);
  await service.browser().post('/api/users/signin').send({ email, password }).expect(200);
  await service.api().post('/api/users/password-reset').send({ email }).expect(202);
  await browser.put('/api/users/me/email').send({ email: next, password }).expect(202);
  await service.mailSettled();
  const { _id } = await service.users.findOne({ email }).lean().orFail();
  await browser.delete('/api/users/me').send({ password }).expect(204);
  await service.mailSettled();
  return [_id.toHexString(), email, next, 'Ada of the traces'];
}

describe('a closed account', () => {
  const service = useService();

  it('S60 is in `closedaccounts`, with two links and the mails of before, for 7 days; then nothing is left', async () => {
    const traces = await closeUsedAccount(service);
    // The mails are the one about the closing and the requested reset, which belongs to an address alone.
    expect(await tracesOf(service, traces)).toEqual({ closedaccounts: 1, actiontokens: 2, mails: 2 });
    service.advance(7 * day - 60);
    await deleteExpired(service);
    expect(await tracesOf(service, traces)).toMatchObject({ closedaccounts: 1, actiontokens: 2 });
    service.advance(60);
    await deleteExpired(service);
    expect(await tracesOf(service, traces)).toEqual({});
  });

  it('has a link that works as long as it is kept, however late the mail is sent, and says until when', async () => {
    const browser = await service.signedUp('late@example.com');
    await service.mailSettled();
    await service.worker?.stop();
    await browser.delete('/api/users/me').send({ password }).expect(204);
    const { expiresAt } = await service.closedAccounts.findOne().sort({ closedAt: -1 }).lean().orFail();
    service.advance(3 * hour);
    service.worker?.start();
    const { text, token } = await service.mailTo('late@example.com', 'Your account was closed');
    expect(text).toContain(`The link works once, until ${expiresAt.getUTCDate()} `);
    const links = await service.emailLinks.find({ email: 'late@example.com' }).lean();
    expect(links.map((link) => link.expiresAt)).toEqual([expiresAt]);
    await service.mailSettled();
    const about = { to: 'late@example.com', kind: 'account-closed' } as const;
    expect(await service.mails.distinct('expiresAt', about)).toEqual([expiresAt]);
    service.advance(7 * day - 3 * hour);
    const confirm = () => service.api().post('/api/users/email-verification/confirm').send({ token });
    await confirm().expect(400);
  });
});

describe('with CLOSED_ACCOUNT_SECONDS=0', () => {
  const service = useService({ closedAccountSeconds: 0 });

  it('a closed account is deleted at once, and the mail about it has no link', async () => {
    const [id = '', ...others] = await closeUsedAccount(service);
    expect(await tracesOf(service, [id])).toEqual({});
    const { text, token } = await service.mailTo('used@example.com', 'Your account was closed');
    expect(text).toContain('cannot come back');
    expect(token).toBeUndefined();
    await service.mailSettled();
    service.advance(day);
    await deleteExpired(service);
    expect(await service.mails.exists({ kind: 'account-closed' })).toBeNull();
    service.advance(7 * day);
    await deleteExpired(service);
    expect(await tracesOf(service, others)).toEqual({});
  });
});

describe('a service without mail', () => {
  const service = useService({ mailing: 'off' });

  it('deletes a closed account at once', async () => {
    const browser = await service.signedUp('mailless@example.com');
    const { _id } = await service.users.findOne({ email: 'mailless@example.com' }).lean().orFail();
    await browser.delete('/api/users/me').send({ password }).expect(204);
    expect(await tracesOf(service, [_id.toHexString(), 'mailless@example.com'])).toEqual({});
  });
});
