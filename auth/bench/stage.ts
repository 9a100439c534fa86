import { setTimeout as delay } from 'node:timers/promises';
import { startMongod } from '../dev/mongod';
import { watchForStop, whenAborted } from '../dev/stop';
import { startBaseline } from './baseline-server';
import { compileProcesses } from './compile';
import { accountAddress, accountCount, mailedAddress, mailedCount, requestsWith } from './requests';
import { answerTo, openSessions, refusalOf, seedAccounts } from './seed';
import { processSettings, startService, type Server } from './service';
import { startSilentMailServer } from './silent-mail-server';
import { usageOf } from './usage';
import { startWorker } from './worker-process';

export type ServerName = keyof Stage['servers'];

/** Everything that takes part in a run: each a process of its own, all of them running from beginning to end. */
export type Stage = Awaited<ReturnType<typeof setUp>>;

type AtEnd = (end: () => unknown) => void;

/** Sets the stage, gives it to `play`, and takes it down again, also where the run is stopped. */
export async function withStage<T>(
  say: (line: string) => void,
  play: (stage: Stage) => Promise<T>,
): Promise<T> {
  const endings: (() => unknown)[] = [];
  let ending: Promise<void> | undefined;
  const takeDown = async (): Promise<void> => {
    for (const end of endings) await end();
  };
  // A run whose processes have ended fails.
  whenAborted(watchForStop().signal, () => void (ending ??= takeDown()));
  try {
    return await play(await setUp(say, (end) => endings.unshift(end)));
  } finally {
    await (ending ??= takeDown());
  }
}

const sessionCount = 16;
const settlingMs = 1000;

async function setUp(say: (line: string) => void, atEnd: AtEnd) {
  compileProcesses();
  const mongod = await startMongod({ say });
  atEnd(mongod.stop);
  const kept = <T extends { stop: () => unknown }>(started: T): T => {
    atEnd(started.stop);
    return started;
  };
  const mailServer = kept(await startSilentMailServer());
  const mongoUri = mongod.uri('auth');
  const service = kept(await startService({ MONGO_URI: mongoUri }));
  const url = urlOf(service);
  await delay(settlingMs);
  const idleRssMb = usageOf(service.pid).rssMb;
  await seedAccounts({ url, mongoUri }, accountAddress, accountCount);
  const cookies = await openSessions(url, sessionCount);
  const answer = await answerTo(url, cookies[0] ?? '');

  const mailing = kept<Server>(await startMailing(mongod.uri('mailing'), mailServer.url));
  const limitsOff = { MONGO_URI: mongoUri, LIMITS: 'off', LIMITS_OFF_ACCEPTED: 'yes' };
  const servers = {
    service: service as Server,
    unlimited: kept<Server>(await startService(limitsOff)),
    mailing,
    bareHttp: kept(await startBaseline('bare-http', answer)),
    bareExpress: kept(await startBaseline('bare-express', answer)),
    loggingExpress: kept(await startBaseline('logging-express', answer)),
    refusingExpress: kept(await startBaseline('refusing-express', await refusalOf(url))),
  };
  return {
    servers,
    workers: {
      hash: kept(startWorker('hash', processSettings)),
      driver: kept(startWorker('driver', { ...processSettings, MONGO_URI: mongod.uri('baseline') })),
    },
    load: kept(startWorker('load')),
    mongodPid: mongod.pid ?? 0,
    mongoUri,
    idleRssMb,
    requests: requestsWith(cookies),
    /** How many requests of a kind were sent, so that the next ones are others. */
    sent: new Map<string, number>(),
  };
}

const urlOf = ({ port }: Server): string => `http://127.0.0.1:${port}`;

/** A service that sends mails, in a database of its own, with accounts to send them to. */
async function startMailing(mongoUri: string, smtpUrl: string): Promise<Server> {
  const mailing = await startService({ MONGO_URI: mongoUri, MAIL: 'on', SMTP_URL: smtpUrl });
  await seedAccounts({ url: urlOf(mailing), mongoUri }, mailedAddress, mailedCount);
  return mailing;
}
