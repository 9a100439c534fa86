import { randomBytes } from 'node:crypto';
import { hashOf } from '../../src/models/hash-of';
import type { LinkPurpose } from '../../src/models/link-purposes';
import type { TestService } from '../../src/test/service';
import { password } from './people';

export interface OwnLink {
  token: string;
  /** The address of the account once the link is used. */
  email: string;
}

let links = 0;

/** A link to an account that has just been opened: what anybody can get, and send to somebody else. */
export async function ownLink(service: TestService, purpose: LinkPurpose): Promise<OwnLink> {
  links += 1;
  return makers[purpose](service, `stranger-${links}@example.com`);
}

const makers: Record<LinkPurpose, (service: TestService, email: string) => Promise<OwnLink>> = {
  verification: async (service, email) => {
    await service.signedUp(email);
    return { token: await service.tokenTo(email, 'Verify'), email };
  },
  signup: async ({ emailLinks, now }, email) => {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(now().getTime() + 60_000);
    await emailLinks.build(hashOf(token), { purpose: 'signup', email, expiresAt }).save();
    return { token, email };
  },
  'email-change': async (service, email) => {
    await askForChange(service, email);
    return { token: await service.tokenTo(`new-${email}`), email: `new-${email}` };
  },
  'email-change-undo': async (service, email) => {
    await askForChange(service, email);
    return { token: await service.tokenTo(email, 'being changed'), email };
  },
  'account-reopening': async (service, email) => {
    const browser = await service.signedUp(email);
    await browser.delete('/api/users/me').send({ password }).expect(204);
    return { token: await service.tokenTo(email, 'closed'), email };
  },
  'password-reset': async (service, email) => {
    await service.signedUp(email);
    await service.api().post('/api/users/password-reset').send({ email }).expect(202);
    return { token: await service.tokenTo(email, 'Reset'), email };
  },
};

async function askForChange(service: TestService, email: string): Promise<void> {
  const browser = await service.signedUp(email);
  await browser
    .put('/api/users/me/email')
    .send({ email: `new-${email}`, password })
    .expect(202);
}
