import { mongo } from 'mongoose';
import { DatabaseConnectionError } from '../../errors/database-connection-error';
import { createLogger } from '../../logger';
import { freshDatabase } from '../../test/database';
import { freePort, until } from '../../test/process';
import { connectDatabase, isConnected } from '../connect-database';
import { hasCode, isDuplicateKey, isUnavailable, transactions } from '../database';
import { openConnection, requestTimeouts } from '../open-connection';

const lines: string[] = [];
const logger = createLogger('warn', { write: (line: string) => lines.push(line) });

describe('connectDatabase', () => {
  it('tries again when the preparation fails, and says why', async () => {
    let tries = 0;
    const { connection, prepared } = await connectDatabase(
      freshDatabase(),
      () => (++tries < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve('prepared')),
      { logger, signal: new AbortController().signal },
    );
    expect(prepared).toBe('prepared');
    expect(tries).toBe(3);
    expect(lines.filter((line) => line.includes('not yet'))).toHaveLength(2);
    expect(isConnected(connection)).toBe(true);
    await connection.close();
    expect(isConnected(connection)).toBe(false);
  });

  it('ends with the reason of its signal, without waiting for the next try', async () => {
    const stop = new AbortController();
    const nowhere = `mongodb://127.0.0.1:${await freePort()}/none`;
    const connecting = connectDatabase(nowhere, () => Promise.resolve(), { logger, signal: stop.signal });
    setTimeout(() => {
      stop.abort(new Error('told to stop'));
    }, 50);
    await expect(connecting).rejects.toThrow('told to stop');
  });
});

describe('a transaction', () => {
  it('R8 keeps nobody waiting for tries without end, and tries no more then', async () => {
    const { connection } = await connectDatabase(freshDatabase(), () => Promise.resolve(), {
      logger,
      signal: new AbortController().signal,
    });
    let tries = 0;
    const conflicting = transactions(
      connection,
      200,
    )(() => {
      tries += 1;
      const conflict = new mongo.MongoServerError({ message: 'WriteConflict', code: 112 });
      conflict.addErrorLabel('TransientTransactionError');
      return Promise.reject(conflict);
    });
    await expect(conflicting).rejects.toThrow(DatabaseConnectionError);
    const before = tries;
    expect(before).toBeGreaterThan(1);
    // Closing waits for nothing of it: what is left of the transaction has ended by itself.
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(tries).toBe(before);
    await connection.close();
  });
});

describe('a failure of the database', () => {
  const server = (code: number): Error => new mongo.MongoServerError({ message: 'x', code });

  it('is worth another try where nobody could serve the call', () => {
    const stepping = new mongo.MongoError('x');
    stepping.addErrorLabel('RetryableWriteError');
    const failures = [
      new mongo.MongoNetworkError('x'),
      new mongo.MongoNotConnectedError('x'),
      server(10107),
      server(134),
      stepping,
    ];
    for (const error of failures) expect(isUnavailable(error)).toBe(true);
  });

  it('is worth another try where the database refused to let the service in', async () => {
    const uri = freshDatabase().replace('mongodb://', 'mongodb://somebody:wrong@');
    const refused: unknown = await openConnection(uri, requestTimeouts).catch((error: unknown) => error);
    expect(hasCode(refused, 18 /* AuthenticationFailed */)).toBe(true);
    expect(isUnavailable(refused)).toBe(true);
  });

  it('is not where the call itself was at fault', () => {
    for (const error of [server(121), new Error('x'), 'text', undefined])
      expect(isUnavailable(error)).toBe(false);
    expect(isDuplicateKey(server(11000))).toBe(true);
    expect(isDuplicateKey(new Error('x'))).toBe(false);
  });
});

describe('R8 a pool of connections that is used up', () => {
  it('lets a call wait for a limited time, and then counts as a database that can’t be reached', async () => {
    const uri = `${freshDatabase()}&maxPoolSize=1`;
    const connection = await openConnection(uri, { ...requestTimeouts, waitQueueTimeoutMS: 100 });
    const numbers = connection.collection('numbers');
    await numbers.insertOne({ number: 1 });
    const slow = numbers.findOne({ $where: 'sleep(1000) || true' });
    const waiting = await Promise.allSettled([
      numbers.findOne({ number: 1 }),
      numbers.findOne({ number: 1 }),
    ]);
    for (const call of waiting) expect(call.status === 'rejected' && isUnavailable(call.reason)).toBe(true);
    await slow;
    await expect(numbers.findOne({ number: 1 })).resolves.toMatchObject({ number: 1 });
    await connection.dropDatabase();
    await connection.close();
  });

  it('tells who watches it of each connection in use, and of each call that waits, until it ends', async () => {
    const held = { inUse: 0, waiting: 0 };
    const commands: string[] = [];
    const uri = `${freshDatabase()}&maxPoolSize=1`;
    const timeouts = { ...requestTimeouts, waitQueueTimeoutMS: 300 };
    const connection = await openConnection(uri, timeouts, {
      inUse: (change) => (held.inUse += change),
      waiting: (change) => (held.waiting += change),
      command: (name, seconds, isFailed) => {
        commands.push(`${name} ${isFailed ? 'failed' : 'succeeded'} ${seconds < 10 ? 'in time' : 'late'}`);
      },
    });
    const numbers = connection.collection('numbers');
    await numbers.insertOne({ number: 1 });
    const slow = numbers.findOne({ $where: 'sleep(1000) || true' });
    const waiting = Promise.allSettled([numbers.findOne({ number: 1 }), numbers.findOne({ number: 1 })]);
    await until(() => Promise.resolve(held.inUse === 1 && held.waiting === 2));
    await waiting;
    expect(held).toEqual({ inUse: 1, waiting: 0 });
    await slow;
    await until(() => Promise.resolve(held.inUse === 0));
    await expect(connection.db?.command({ noSuchCommand: 1 })).rejects.toThrow();
    for (const command of ['insert succeeded in time', 'find succeeded in time', 'other failed in time'])
      expect(commands).toContain(command);
    await connection.dropDatabase();
    await connection.close();
  });
});
