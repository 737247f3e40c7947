import { Navigate, useLocation } from 'react-router';
import { Loading } from '../components/Loading.tsx';
import { Problem } from '../components/Problem.tsx';
import { isSignedOut } from '../query-client.ts';
import { Door } from '../doors/Door.tsx';
import { useMe } from '../session.ts';
import { NewWorkspace } from './NewWorkspace.tsx';

/** `/`: the first workspace of who is signed in. */
export function Home() {
  const me = useMe();
  const { search } = useLocation();
  const [first] = me.data?.workspaces ?? [];
  if (first !== undefined) return <Navigate to={`/${first.id}`} replace />;
  if (isSignedOut(me.error)) {
    // A mailed link that did not work says why: doors/way-back.ts.
    const from = search === '' ? '' : `?from=${encodeURIComponent(`/${search}`)}`;
    return <Navigate to={`/sign-in${from}`} replace />;
  }
  if (me.data !== undefined) {
    return (
      <Door title="You are in no workspace" about="Make one, or ask somebody to invite you.">
        <NewWorkspace />
      </Door>
    );
  }
  return (
    <main className="doors">
      {me.isError ? (
        <Problem error={me.error} onRetry={() => void me.refetch()} />
      ) : (
        <Loading lines={3} />
      )}
    </main>
  );
}
