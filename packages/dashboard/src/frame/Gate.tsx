import type { Me } from '@mutate/sdk';
import type { ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import { Loading } from '../components/Loading.tsx';
import { Problem } from '../components/Problem.tsx';
import { isSignedOut } from '../query-client.ts';
import { useMe } from '../session.ts';

/** For who is signed in; everybody else is led to the door, and back afterwards. */
export function Gate({ children }: { children: (me: Me) => ReactNode }) {
  const me = useMe();
  const location = useLocation();
  if (me.data !== undefined) return children(me.data);
  if (isSignedOut(me.error)) {
    const from = encodeURIComponent(location.pathname + location.search);
    return <Navigate to={`/sign-in?from=${from}`} replace />;
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
