import { currentUser } from '../api';

/** The first page leads on: to the account of whoever is signed in, else to sign-in. */
export async function home(): Promise<void> {
  location.replace((await currentUser()) ? '/account' : '/signin');
}
