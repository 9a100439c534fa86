/**
 * Where to go after sign-in, as `?next=` says: a page of this origin, else the account. It is a whole address, because a
 * path of two slashes would lead to another host.
 */
export function nextAfter(search: string, origin: string): string {
  const next = new URLSearchParams(search).get('next') ?? '';
  const url = next.startsWith('/') ? parsed(next, origin) : undefined;
  return url?.origin === origin ? url.href : `${origin}/account`;
}

/** `URL.canParse` is missing in browsers of 2023. */
function parsed(path: string, origin: string): URL | undefined {
  try {
    return new URL(path, origin);
  } catch {
    return undefined;
  }
}

/** The address of the sign-in page that leads back to this page. */
export function signInFor({ pathname, search, hash }: Location, reason?: 'ended' | 'signed-out'): string {
  const query = new URLSearchParams({ next: pathname + search + hash, ...(reason && { reason }) });
  return `/signin?${query.toString()}`;
}
