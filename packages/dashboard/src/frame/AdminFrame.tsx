import { NotForYou } from './NotForYou.tsx';
import { Gate } from './Gate.tsx';
import { adminNavigation } from './navigation.ts';
import { Shell } from './Shell.tsx';

/** What surrounds the pages of the platform. The server decides who may; this only says so. */
export function AdminFrame() {
  return (
    <Gate>
      {(me) =>
        me.is_super_admin ? (
          <Shell me={me} workspaceId={null} groups={adminNavigation} />
        ) : (
          <NotForYou me={me} />
        )
      }
    </Gate>
  );
}
