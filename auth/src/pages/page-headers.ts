/**
 * Nothing but the service's own files runs or is shown, no form leaves without the script, and no script makes HTML of
 * text (CSP Level 3, Trusted Types).
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Of a page. A browser may keep it, but asks each time whether it is still the one. */
export const documentHeaders = {
  'Content-Security-Policy': contentSecurityPolicy,
  'Cache-Control': 'no-cache',
};

/** Of a script, a style or an image, whose name changes with its content. */
export const assetHeaders = { 'Cache-Control': 'public, max-age=31536000, immutable' };
