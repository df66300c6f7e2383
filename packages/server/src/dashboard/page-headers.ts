/**
 * Nothing but what this server itself serves, no inline script and no frame around it; scripts may not make markup of text
 * (trusted types). What the page needs in styles it sets by properties, which the policy lets.
 */
const pagePolicy = [
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

/** What an answer of the API must be able to do when somebody opens it as a page: nothing. */
const dataPolicy = "default-src 'none'; frame-ancestors 'none'";

const always = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export const pageHeaders: Readonly<Record<string, string>> = {
  ...always,
  'Content-Security-Policy': pagePolicy,
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

export const dataHeaders: Readonly<Record<string, string>> = {
  ...always,
  'Content-Security-Policy': dataPolicy,
  'Cache-Control': 'no-store',
};
