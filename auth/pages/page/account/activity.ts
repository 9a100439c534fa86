import { call } from '../../api';
import { listEvents } from '../../events';
import { loadPart } from '../../part';
import type { EventPage } from '../../types';

/** What happened to the account. */
export const activity = (): Promise<void> =>
  loadPart('activity-part', () => {
    const ids = { list: 'activity', more: 'more-activity' };
    return listEvents(ids, '/me/activity', async (path) => (await call<EventPage>('GET', path)).data);
  });
