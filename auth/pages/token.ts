export interface MailLink {
  token: string;
  /** What the link is for, as the link itself says; empty for a link of an earlier version. */
  purpose: string;
  /** Whether it is the second link of the mail: "this was not me". */
  declines: boolean;
}

/**
 * The link from a mail that led here. Its token leaves the address at once, so that no history, bookmark or copied address
 * has it. Undefined after a reload.
 */
export function takeMailLink(): MailLink | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  const query = new URLSearchParams(location.search);
  history.replaceState(null, '', location.pathname);
  if (token === '') return undefined;
  return { token, purpose: query.get('for') ?? '', declines: query.has('decline') };
}

/** Another link that is opened in the same tab changes only the fragment, which loads nothing. */
export function reloadForNextLink(): void {
  window.addEventListener('hashchange', () => {
    if (location.hash.includes('token=')) location.reload();
  });
}
