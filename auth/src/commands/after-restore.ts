import { endRestored } from '../models/end-restored';
import { operator } from '../services/caller';
import { withCollections, type Command } from './command';

/** Ends what a restored dump brought back: sessions, links, queued mails and signing keys. */
export const afterRestore: Command = (_options, config) =>
  withCollections(config(), async ({ collections, keys, audit, logger }) => {
    // A dump may have been read by somebody, and keys that were withdrawn after it are back.
    await keys.store.replaceAll();
    const accounts = await endRestored(collections, new Date());
    logger.warn({ event: 'restored', accounts }, 'everything of before the restore has ended');
    await audit.store({ action: 'restored', ...(accounts > 0 && { count: accounts }) }, operator());
    return [
      `Ended all sessions, links and queued mails of ${accounts} accounts, and made a new signing key. Everybody has to sign in again.`,
    ];
  });
