import { useEffect, useState } from 'preact/hooks';
import { AuditPage } from './audit/audit-page.js';
import { CapturesPage } from './captures/captures-page.js';
import { CreatePage } from './create/create-page.js';
import { useLive } from './live/use-live.js';
import { NodesPage } from './nodes/nodes-page.js';
import { Notice } from './parts/small.js';
import { parseRoute, type Route } from './route.js';
import { useServices } from './services.js';
import { LoginForm } from './session/login-form.js';
import { SessionBar } from './session/session-bar.js';
import { TapPage } from './tap/tap-page.js';
import { TapsPage } from './taps/taps-page.js';
import { TopologyPage } from './topology/topology-page.js';

/** The page behind the address; follows it. */
function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route;
}

export function App() {
  const { session } = useServices();
  const state = session.state.value;
  switch (state.is) {
    case 'asking':
      return <Notice tone="quiet">…</Notice>;
    case 'unknown':
      return (
        <main class="narrow">
          <Notice tone="bad">{state.why}</Notice>
          <button type="button" onClick={() => void session.look()}>
            Try again
          </button>
        </main>
      );
    case 'nobody':
      return <LoginForm ended={state.ended} />;
    case 'somebody':
      // Nothing of one project is shown in another.
      return <Inside key={state.info.project.id} />;
  }
}

function Inside() {
  const route = useRoute();
  useLive();
  useEffect(() => {
    document.querySelector('h1')?.focus();
  }, [route.page, route.rest[1]]);
  return (
    <>
      <SessionBar page={route.page} />
      <main>
        <Page {...route} />
      </main>
    </>
  );
}

function Page({ page, rest }: Route) {
  switch (page) {
    case 'taps':
      return <TapsPage />;
    case 'tap':
      return <TapPage key={rest.join('/')} kind={rest[0] ?? ''} id={rest[1] ?? ''} />;
    case 'new':
      return <CreatePage />;
    case 'captures':
      return <CapturesPage />;
    case 'topology':
      return <TopologyPage />;
    case 'nodes':
      return <NodesPage />;
    case 'audit':
      return <AuditPage />;
    default:
      return <Notice>There is no such page.</Notice>;
  }
}
