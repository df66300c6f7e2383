import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

/** Debian's, by whichever name; undefined where there is none, and then what needs a browser is skipped. */
export const chromiumPath = ['chromium', 'chromium-browser', 'google-chrome']
  .flatMap((name) => (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name)))
  .find(isProgram);

/** A browser that nobody sees. It ends with {@link Browser.close}. */
export function openChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('there is no chromium on the PATH');
  // Its sandbox refuses root, who runs the tests where packages can be installed; what is opened is ours alone.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
