/** The path of each page, with the name of its document. */
export const pagePaths = {
  '/': 'home',
  '/signin': 'signin',
  '/signup': 'signup',
  '/email-verification': 'email-verification',
  '/password-reset': 'password-reset',
  '/account': 'account',
  '/admin': 'admin',
} as const;

/** The document for every other path. */
export const notFoundPage = 'not-found';

/** Below this path are scripts, styles and images. */
export const assetsPath = '/assets';
