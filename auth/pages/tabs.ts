// The tabs of this browser tell each other who has signed in or out. Nothing of the session is told.
const channel = openChannel();

type News = 'signed-in' | 'signed-out';

const announce = (news: News): void => {
  channel?.postMessage(news);
};

function on(news: News, then: () => void): void {
  channel?.addEventListener('message', ({ data }) => {
    if (data === news) then();
  });
}

export const announceSignIn = (): void => {
  announce('signed-in');
};
export const announceSignOut = (): void => {
  announce('signed-out');
};
export const onSignIn = (then: () => void): void => {
  on('signed-in', then);
};
export const onSignOut = (then: () => void): void => {
  on('signed-out', then);
};

/** Firefox has none where cookies are blocked. The page must work as far as it goes there, to say what is wrong. */
function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel('session');
  } catch {
    return undefined;
  }
}
