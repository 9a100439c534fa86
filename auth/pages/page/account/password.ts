import { call } from '../../api';
import { byId } from '../../dom';
import { onSubmit } from '../../form';
import type { CurrentUser } from '../../types';
import { addUsername } from '../../username';
import { words } from '../../words/words';
import { sessions } from './sessions';
import { tellDone } from './tell-done';

export function password(user: CurrentUser): void {
  const form = byId('change-password', HTMLFormElement);
  addUsername(form, user.email);
  onSubmit(form, async ({ currentPassword, password: chosen }) => {
    await call('PUT', '/me/password', { currentPassword, password: chosen });
    form.reset();
    tellDone(byId('password', HTMLDetailsElement), words.account.passwordChanged);
    await sessions();
  });
}
