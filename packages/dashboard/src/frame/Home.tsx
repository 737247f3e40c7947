import { Navigate } from 'react-router';
import { Loading } from '../components/Loading.tsx';
import { Problem } from '../components/Problem.tsx';
import { isSignedOut } from '../query-client.ts';
import { useMe } from '../session.ts';

/** `/`: the first workspace of who is signed in. */
export function Home() {
  const me = useMe();
  const [first] = me.data?.workspaces ?? [];
  if (first !== undefined) return <Navigate to={`/${first.id}`} replace />;
  if (isSignedOut(me.error)) return <Navigate to="/sign-in" replace />;
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
