import { call } from '../../api';
import { listEvents } from '../../events';
import type { ActivityEvent, EventPage } from '../../types';
import { tellOfWaitingChange } from './email';

export async function activity(): Promise<void> {
  let isFirst = true;
  await listEvents({ list: 'activity', more: 'more-activity' }, '/me/activity', async (path) => {
    const { data } = await call<EventPage>('GET', path);
    if (isFirst && isChangeWaiting(data.events)) tellOfWaitingChange();
    isFirst = false;
    return data;
  });
}

// What ends a change of address that waits, beside a day that has gone by.
const ends = [
  'email-changed',
  'email-change-declined',
  'email-change-undone',
  'password-changed',
  'password-reset',
];
const dayMs = 24 * 60 * 60 * 1000;

/** @param events the newest first */
function isChangeWaiting(events: ActivityEvent[]): boolean {
  const done = events.filter(({ outcome }) => outcome === 'success');
  const last = done.find(({ action }) => action === 'email-change-requested' || ends.includes(action));
  return last?.action === 'email-change-requested' && Date.now() - Date.parse(last.at) < dayMs;
}
