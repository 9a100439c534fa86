import { tellIn } from '../../alerts';
import { call } from '../../api';
import { byId } from '../../dom';
import { onSubmit } from '../../form';
import type { CurrentUser } from '../../types';
import { words } from '../../words/words';

export function profile(user: CurrentUser): void {
  const form = byId('profile', HTMLFormElement);
  let { version } = user;
  byId('name', HTMLInputElement).value = user.name ?? '';
  onSubmit(form, async ({ name = '' }) => {
    const change = { name: name.trim() === '' ? null : name, version };
    const { data } = await call<CurrentUser>('PATCH', '/me', change);
    ({ version } = data);
    byId('name', HTMLInputElement).value = data.name ?? '';
    tellIn(form, words.account.saved);
  });
}
