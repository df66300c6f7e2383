import { render } from 'preact';
import { Asker } from './api/ask.js';
import { App } from './app.js';
import { ServicesContext } from './services.js';
import { Session } from './session/session.js';
import { TapStore } from './taps/tap-store.js';

const asker = new Asker();
const session = new Session(asker);
const taps = new TapStore(asker, session);
const place = document.getElementById('app');
if (place !== null) {
  place.replaceChildren();
  render(
    <ServicesContext.Provider value={{ asker, session, taps }}>
      <App />
    </ServicesContext.Provider>,
    place,
  );
}
void session.look();
