import { isSettings } from '../cloud/clouds-file.js';
import { isSecretName } from '../cloud/secrets.js';

/** Settings with everything that is named like a secret replaced, however deep, and the password of a URL. */
export function withoutSecrets(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, name));
  if (isSettings(value))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner, key)]));
  if (value === undefined || value === null || value === '') return value;
  if (isSecretName(name)) return '***';
  return typeof value === 'string' ? value.replace(/(\w+:\/\/[^/\s:@]*):[^/\s@]*@/g, '$1:***@') : value;
}
